package serve

// manual is the part of the manual about the clients of a file, and about a state that
// several servers share.
const manual = `A file of OAuth clients is a JSON array. Members have the names of RFC 7591:

  [{"client_id": "web", "client_secret": "…",
    "redirect_uris": ["http://localhost:8080/callback"]},
   {"client_id": "ci", "jwks": {"keys": […]},
    "grant_types": ["client_credentials"], "scope": "deploy"}]

A client with a secret sends it in the header or in the form, one with keys signs
an assertion (private_key_jwt), and any other is public; token_endpoint_auth_method
allows one way only. grant_types are authorization_code and refresh_token unless
given. A redirect URI must be spelled as in the file, except for the port on
loopback. dpop_bound_access_tokens requires DPoP proofs. Without scope a client
gets every scope that it asks for.

Several servers can share one state in Redis or Valkey; a refresh token is then
spent once among them all:

  --store env:REDIS_URL (one server, with TLS: rediss://user:password@redis.example/0)
  --store 'rediss://a:7000?addr=b:7000&addr=c:7000' (a Cluster)
  --store 'rediss://a:26379?addr=b:26379&master_set=mymaster' (Sentinel)

Each addr names one more node; one node of a Cluster is enough to find the
others. unix:///PATH, sentinel_user and sentinel_password work too. An ACL must
allow ~jwt:*. Every node must have maxmemory-policy noeviction; the start checks
all nodes of a Cluster, and the master behind a Sentinel. While a master is
being replaced, requests are answered with 503 within 3 seconds, and clients try
again.

Redis answers before its replicas have a write, so a failover can lose the last
writes: a user must log in again, or a spent refresh token can be used once
more. wait=1 in the query makes each write wait up to a second for one replica,
and answers 503 if none acknowledges it. A refresh checks for a replica before
it spends the token; if the replica is lost in between, the client sees an error
though the token is spent, and --reuse-grace 10s lets it try again.

The names of the keys in Redis have changed (jwt:… instead of {jwt}:…). After
the update users log in again, and {jwt}:keys can be deleted. A state file of an
older version is read as before.`
