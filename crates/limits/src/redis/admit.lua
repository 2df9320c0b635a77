-- Counts one attempt within an exact sliding window, or says how long to wait.
--
-- KEYS[1]: the moments of the newest admitted attempts, in microseconds, oldest first
-- ARGV[1]: how many attempts; ARGV[2]: within how many microseconds
-- Answers 0 when the attempt is admitted and counted, otherwise the microseconds to wait.

local key, attempts, window = KEYS[1], ARGV[1], tonumber(ARGV[2])
-- The server's clock is the one all nodes share.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- Written out: as a number it would be rounded on its way.
local function text(moment)
  return string.format('%.0f', moment)
end

local function keep()
  -- A second more, because expiry is counted by a coarser clock.
  redis.call('PEXPIRE', key, text(math.ceil(window / 1000) + 1000))
end

local newest = redis.call('LINDEX', key, -1)
if newest and tonumber(newest) > now then
  -- The clock was set back: what seems to lie ahead counts as just now, or it would last for hours.
  local moments = redis.call('LRANGE', key, 0, -1)
  redis.call('DEL', key)
  for _, moment in ipairs(moments) do
    redis.call('RPUSH', key, text(math.min(tonumber(moment), now)))
  end
  keep()
end

-- Room comes when the attempt that is so many before the next one leaves.
local leaving = redis.call('LINDEX', key, '-' .. attempts)
if leaving then
  local wait = leaving + window - now
  if wait > 0 then
    return wait
  end
end
redis.call('RPUSH', key, text(now))
redis.call('LTRIM', key, '-' .. attempts, -1)
keep()
return 0
