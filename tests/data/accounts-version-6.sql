-- accounts.db as admx of schema version 6 left it: that of version 3, brought up to date, with a goal, a webhook, a note, a saved view and a link.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE api_key (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        name TEXT NOT NULL,
        hash BLOB NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
     , used_at INTEGER) STRICT;
INSERT INTO "api_key" VALUES(1,1,'k',X'E116E2E53A7217F441C96510004D1A7DC273EA7D95642EF1D17B88E3FCD71235','event:write analytics:read',1795525508510,NULL,NULL,NULL);
CREATE TABLE goal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        description TEXT,
        is_hidden INTEGER NOT NULL,
        value INTEGER,
        currency TEXT,
        page TEXT,
        UNIQUE (site, name)
     ) STRICT;
INSERT INTO "goal" VALUES(1,2,'Bought',NULL,0,NULL,NULL,NULL);
CREATE TABLE goal_name (
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        goal INTEGER NOT NULL REFERENCES goal ON DELETE CASCADE,
        PRIMARY KEY (site, name)
     ) STRICT, WITHOUT ROWID;
INSERT INTO "goal_name" VALUES(2,'Buy',1);
CREATE TABLE invitation (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        workspace INTEGER NOT NULL REFERENCES workspace,
        email TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        accepted_at INTEGER,
        revoked_at INTEGER
     ) STRICT;
CREATE TABLE "login" (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        user INTEGER NOT NULL REFERENCES user,
        workspace INTEGER REFERENCES workspace,
        agent TEXT NOT NULL,
        is_by_link INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
     ) STRICT;
INSERT INTO "login" VALUES(1,X'23D19AA88B1AB2D95E7F82A5C939C8A713E58B441FF0127E458BC22A4ABC628A',2,NULL,'',1,1795525800000,1795525800000,1798117800000);
INSERT INTO "login" VALUES(2,X'8C2F6588AFF42BA7D22910C6219580047B2FDF50E7640D959D33EC57EC904139',2,NULL,'',1,1795525800000,1795525800000,1798117800000);
INSERT INTO "login" VALUES(3,X'9055B0B547C61F8EE25B0E3412F8DF48E31F8CCB1187359932070D9A5D518273',1,NULL,'',1,1795525800000,1795525800000,1798117800000);
CREATE TABLE login_link (
        hash BLOB PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES user,
        expires_at INTEGER NOT NULL,
        used_at INTEGER
     ) STRICT, WITHOUT ROWID;
INSERT INTO "login_link" VALUES(X'8E9FA224F488A601AF1B14E867EB6BF8496025B1BB5C0A78D1B94D3C7122EFEC',2,1796130600000,NULL);
INSERT INTO "login_link" VALUES(X'DDFE21DBB912C51BC83A8E1D446B4B6686A5C61A9298F904F0EE0DD9C79B18F4',1,1796130291059,NULL);
INSERT INTO "login_link" VALUES(X'E9236248B59124A07CD481E64BB681AF0B72208170CBB79D20EE640A6C19821C',2,1796130600000,1795525800000);
CREATE TABLE membership (
        workspace INTEGER NOT NULL REFERENCES workspace,
        user INTEGER NOT NULL REFERENCES user,
        role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
        created_at INTEGER NOT NULL,
        PRIMARY KEY (workspace, user)
     ) STRICT, WITHOUT ROWID;
INSERT INTO "membership" VALUES(1,1,'owner',1795525491059);
INSERT INTO "membership" VALUES(1,2,'viewer',1795525600000);
CREATE TABLE note (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES site,
        day TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL
     ) STRICT;
INSERT INTO "note" VALUES(1,2,'2026-11-24','A note',1795525600000);
CREATE TABLE saved_view (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (site, name)
     ) STRICT;
INSERT INTO "saved_view" VALUES(1,2,'A saved one','analytics?site=admx_scyqtw3kwtmcpwaha3ok&range=7d',1795525600000);
CREATE TABLE share (
        site INTEGER PRIMARY KEY REFERENCES site,
        token TEXT NOT NULL UNIQUE,
        password TEXT,
        created_at INTEGER NOT NULL
     ) STRICT;
CREATE TABLE site (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        website_id TEXT NOT NULL UNIQUE,
        domain TEXT NOT NULL,
        zone TEXT NOT NULL DEFAULT 'UTC',
        is_demo INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
     , keep_days INTEGER, name TEXT, currency TEXT, deleted_at INTEGER) STRICT;
INSERT INTO "site" VALUES(1,1,'admx_qn3oadgl3qguz5q2c2hk','localhost','UTC',1,1795525491054,NULL,NULL,NULL,NULL);
INSERT INTO "site" VALUES(2,1,'admx_scyqtw3kwtmcpwaha3ok','example.com','UTC',0,1795525508506,365,'Shop','EUR',NULL);
CREATE TABLE site_host (
        site INTEGER NOT NULL REFERENCES site,
        host TEXT NOT NULL,
        PRIMARY KEY (site, host)
     ) STRICT, WITHOUT ROWID;
INSERT INTO "site_host" VALUES(1,'127.0.0.1');
INSERT INTO "site_host" VALUES(1,'[::1]');
CREATE TABLE user (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
     , password TEXT) STRICT;
INSERT INTO "user" VALUES(1,'admin@localhost',1795525491059,NULL);
INSERT INTO "user" VALUES(2,'me@example.com',1795525600000,NULL);
CREATE TABLE webhook (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        url TEXT NOT NULL,
        secret TEXT NOT NULL,
        goal TEXT,
        metric TEXT,
        is_over INTEGER,
        number INTEGER,
        created_at INTEGER NOT NULL,
        off_at INTEGER,
        off_because TEXT
     ) STRICT;
INSERT INTO "webhook" VALUES(1,2,'https://example.com/hook','admx_wh_x','Buy',NULL,NULL,NULL,1795525600000,1795525700000,'it failed');
CREATE TABLE workspace (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL
     ) STRICT;
INSERT INTO "workspace" VALUES(1,'My workspace',1795525490991);
CREATE INDEX membership_user ON membership (user);
CREATE INDEX goal_name_goal ON goal_name (goal);
CREATE INDEX note_by_day ON note (site, day);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('webhook',1);
INSERT INTO "sqlite_sequence" VALUES('goal',1);
COMMIT;
PRAGMA user_version = 6;
