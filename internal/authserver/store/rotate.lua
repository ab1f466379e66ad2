-- Spends a refresh token in one step: Spend.outcome and Spend.apply in Lua.
-- KEYS: the session, the token, its successor. All have the session ID as their hash tag.
-- ARGV: now, grace, expiry of the successor, expiry of the session, hash of the
--       successor, sealed successor (may be empty), how long to keep what expired, how
--       long to keep the token once it is spent (empty: as long as one that expires), the
--       client, the key that it proved to hold.
--       Times are milliseconds.
-- Returns outcome, user, client, created, expires and revoked of the session, and the
-- successor sealed and its expiry, and the credential, the grant and the key of the session.
local session, token, successor = KEYS[1], KEYS[2], KEYS[3]
local now, grace, expires, ends = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local next_hash, sealed, keep, keep_spent = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]

local t = redis.call('HMGET', token, 'expires', 'spent', 'next', 'next_expires', 'sealed')
local s = redis.call('HMGET', session, 'user', 'client', 'created', 'expires', 'revoked', 'credential', 'grant', 'key')
if not s[1] then return {'unknown'} end
if not t[1] then t = {s[4], s[3], '', '', ''} end -- it is spent and dropped

local outcome
local key = s[8] or ''
if s[2] ~= ARGV[9] or (key ~= '' and key ~= ARGV[10]) then
  outcome = 'foreign'
elseif now >= tonumber(t[1]) then
  outcome = 'expired'
elseif s[5] then
  outcome = 'revoked'
elseif not t[2] then
  outcome = 'rotated'
  redis.call('HSET', token, 'spent', ARGV[1], 'next', next_hash, 'next_expires', expires, 'sealed', sealed)
  redis.call('HSET', successor, 'issued', ARGV[1], 'expires', expires)
  redis.call('PEXPIRE', successor, tonumber(ends) - now + keep)
  if keep_spent ~= '' then redis.call('PEXPIRE', token, keep_spent) end
  if tonumber(ends) > tonumber(s[4]) then
    s[4] = ends
    redis.call('HSET', session, 'expires', ends)
    redis.call('PEXPIRE', session, tonumber(ends) - now + keep)
  end
elseif t[3] == next_hash then
  outcome = 'rotated'
  redis.call('HSET', token, 'next', next_hash) -- so that WAIT covers the first time
elseif t[5] ~= '' and now - tonumber(t[2]) < grace then
  outcome = 'replayed'
  sealed, expires = t[5], t[4]
  redis.call('HSET', token, 'next', t[3]) -- likewise
else
  outcome = 'reused'
  s[5] = ARGV[1]
  redis.call('HSET', session, 'revoked', ARGV[1])
end
return {outcome, s[1], s[2], s[3], s[4], s[5] or '0', sealed, expires, s[6] or '', s[7] or '', s[8] or ''}
