-- Spends a refresh token in one step: Spend.outcome and Spend.apply in Lua.
-- KEYS: the token, its successor.
-- ARGV: prefix of sessions, prefix of tokens, now, grace, expiry of the successor,
--       expiry of the session, hash of the successor, sealed successor (may be
--       empty), how long to keep what expired. Times are milliseconds.
-- Returns outcome, session ID, its user, client, created, expires, revoked, and
-- the successor sealed and its expiry.
local prefix, tokens = ARGV[1], ARGV[2]
local now, grace, expires, until_ = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local next_, sealed, keep = ARGV[7], ARGV[8], tonumber(ARGV[9])

local t = redis.call('HMGET', KEYS[1], 'session', 'expires', 'spent', 'next', 'sealed')
if not t[1] then return {'unknown'} end
local key = prefix .. t[1]
local s = redis.call('HMGET', key, 'user', 'client', 'created', 'expires', 'revoked')
if not s[1] then return {'unknown'} end

local outcome
if now >= tonumber(t[2]) then
  outcome = 'expired'
elseif s[5] then
  outcome = 'revoked'
elseif not t[3] then
  outcome = 'rotated'
  redis.call('HSET', KEYS[1], 'spent', ARGV[3], 'next', next_, 'sealed', sealed)
  redis.call('HSET', KEYS[2], 'session', t[1], 'issued', ARGV[3], 'expires', ARGV[5])
  redis.call('PEXPIRE', KEYS[2], expires - now + keep)
  if until_ > tonumber(s[4]) then
    s[4] = ARGV[6]
    redis.call('HSET', key, 'expires', ARGV[6])
    redis.call('PEXPIRE', key, until_ - now + keep)
  end
elseif t[4] == next_ then
  outcome = 'rotated'
elseif t[5] ~= '' and now - tonumber(t[3]) < grace then
  outcome = 'replayed'
  sealed = t[5]
  expires = redis.call('HGET', tokens .. t[4], 'expires') or 0
else
  outcome = 'reused'
  s[5] = ARGV[3]
  redis.call('HSET', key, 'revoked', ARGV[3])
end
return {outcome, t[1], s[1], s[2], s[3], s[4], s[5] or '0', sealed, tostring(expires)}
