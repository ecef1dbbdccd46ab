"""Habits that can be chosen: what the platform always does, where the known facts leave it open."""
