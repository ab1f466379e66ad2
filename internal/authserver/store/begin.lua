-- Adds a refresh token, and its session unless that exists.
-- KEYS: the session, the token. All have the session ID as their hash tag.
-- ARGV: user, client, created, expires of the session, and how long to keep it and the
--       token; issued, expires of the token; the credential, the grant and the key of the session.
--       Times are milliseconds.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'user', ARGV[1], 'client', ARGV[2], 'created', ARGV[3], 'expires', ARGV[4], 'credential', ARGV[8], 'grant', ARGV[9], 'key', ARGV[10])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
redis.call('HSET', KEYS[2], 'issued', ARGV[6], 'expires', ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1
