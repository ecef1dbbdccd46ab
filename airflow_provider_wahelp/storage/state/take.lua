-- Counts a message if its limits have room for it, as `sql.py` does.
-- KEYS: the log, a sorted set of moments; its head, a hash.
-- ARGV: the time or '', keep, interval, jitter, shift, span, seen last, seen count, and a count and a window a rate.
local log, head = KEYS[1], KEYS[2]
local keep, interval, jitter = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local shift, span = tonumber(ARGV[5]), tonumber(ARGV[6])
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number) return string.format('%d', number) end
local function add(at) redis.call('ZADD', log, whole(at), redis.call('HINCRBY', head, 'number', 1)) end
local function note(off) redis.call('HSET', head, 'off', string.format('%.17g', off)) end
local function nth(number)
  local found = redis.call('ZRANGE', log, -number, -number, 'WITHSCORES')
  return tonumber(found[2] or 0)
end
local function count(since, till) return redis.call('ZCOUNT', log, '(' .. whole(since), whole(till)) end

local last = nth(1)
if last > now then -- the clock was set back: what lies ahead counts as sent just now
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', log, '(' .. whole(now), '+inf')) do
    redis.call('ZADD', log, whole(now), member)
  end
  last = now
end
if tonumber(ARGV[7]) > now - span then -- what has vanished counts anew, as sent when the last of it was
  local at = math.min(tonumber(ARGV[7]), now)
  local missing = tonumber(ARGV[8]) - count(at - span, at)
  for _ = 1, missing do add(at) end
  if missing > 0 and at >= last then
    last = at
    note(0)
  end
end

local place, due, held = now, 0, -1
if last > 0 then
  local off = tonumber(redis.call('HGET', head, 'off') or 0)
  place = last + math.max(-jitter, math.min(off, jitter)) + interval
  if interval > 0 then due = math.ceil(place + shift) end
end
for rate = 9, #ARGV, 2 do
  local first = nth(tonumber(ARGV[rate]))
  local free = first + tonumber(ARGV[rate + 1]) + 1
  if first > 0 and free > math.max(due, now) then due, held = free, (rate - 9) / 2 end
end

local wait = math.max(0, due - now)
if wait > 0 then return {wait, now, last, held, last, count(last - span, last)} end
redis.call('ZREMRANGEBYSCORE', log, '-inf', '(' .. whole(now - keep))
add(now)
note(interval > 0 and place - now or 0)
redis.call('PEXPIRE', log, keep)
redis.call('PEXPIRE', head, keep)
return {0, now, last, -1, now, count(now - span, now)}
