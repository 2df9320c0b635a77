-- Counts one attempt within an exact sliding window, or returns the time to wait.
--
-- KEYS[1]: times of the newest admitted attempts, in microseconds, oldest first
-- ARGV[1]: number of attempts; ARGV[2]: window in microseconds
-- Returns 0 if the attempt is admitted and counted, otherwise the microseconds to wait.

local key, attempts, window = KEYS[1], ARGV[1], tonumber(ARGV[2])
-- All nodes share the clock of the server.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- Formatted here, because the conversion of a number would round it.
local function text(time)
  return string.format('%.0f', time)
end

local function keep()
  -- One more second, because expiry uses a coarser clock.
  redis.call('PEXPIRE', key, text(math.ceil(window / 1000) + 1000))
end

local newest = redis.call('LINDEX', key, -1)
if newest and tonumber(newest) > now then
  -- The clock was set back: times in the future are set to now, otherwise the limit could last for
  -- hours.
  local times = redis.call('LRANGE', key, 0, -1)
  redis.call('DEL', key)
  for _, time in ipairs(times) do
    redis.call('RPUSH', key, text(math.min(tonumber(time), now)))
  end
  keep()
end

-- The next attempt is admitted when the attempt ARGV[1] before it has expired.
local blocking = redis.call('LINDEX', key, '-' .. attempts)
if blocking then
  local wait = blocking + window - now
  if wait > 0 then
    return wait
  end
end
redis.call('RPUSH', key, text(now))
redis.call('LTRIM', key, '-' .. attempts, -1)
keep()
return 0
