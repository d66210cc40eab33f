-- accounts.db as admx of schema version 1 left it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE workspace (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL
     ) STRICT;
INSERT INTO workspace VALUES(1,'My workspace',1795525490991);
CREATE TABLE site (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        website_id TEXT NOT NULL UNIQUE,
        domain TEXT NOT NULL,
        zone TEXT NOT NULL DEFAULT 'UTC',
        is_demo INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
     ) STRICT;
INSERT INTO site VALUES(1,1,'admx_qn3oadgl3qguz5q2c2hk','localhost','UTC',1,1795525491054);
INSERT INTO site VALUES(2,1,'admx_scyqtw3kwtmcpwaha3ok','example.com','UTC',0,1795525508506);
CREATE TABLE site_host (
        site INTEGER NOT NULL REFERENCES site,
        host TEXT NOT NULL,
        PRIMARY KEY (site, host)
     ) STRICT, WITHOUT ROWID;
INSERT INTO site_host VALUES(1,'127.0.0.1');
INSERT INTO site_host VALUES(1,'[::1]');
CREATE TABLE api_key (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        name TEXT NOT NULL,
        hash BLOB NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
     ) STRICT;
INSERT INTO api_key VALUES(1,1,'k',X'e116e2e53a7217f441c96510004d1a7dc273ea7d95642ef1d17b88e3fcd71235','event:write analytics:read',1795525508510,NULL,NULL);
CREATE TABLE user (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        email TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
     ) STRICT;
INSERT INTO user VALUES(1,1,'admin@localhost',1795525491059);
CREATE TABLE login_link (
        hash BLOB PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES user,
        expires_at INTEGER NOT NULL,
        used_at INTEGER
     ) STRICT, WITHOUT ROWID;
INSERT INTO login_link VALUES(X'ddfe21dbb912c51bc83a8e1d446b4b6686a5c61a9298f904f0ee0dd9c79b18f4',1,1796130291059,NULL);
CREATE TABLE login (
        hash BLOB PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES user,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
COMMIT;
PRAGMA user_version = 1;
