-- events.db as admx of schema version 1 left it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goal (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
     ) STRICT;
INSERT INTO goal VALUES(1,'Trial Started');
INSERT INTO goal VALUES(2,'Subscription Paid');
INSERT INTO goal VALUES(3,'Nobody');
CREATE TABLE address (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
     ) STRICT;
INSERT INTO address VALUES(1,'https://example.com/?utm_source=news&utm_medium=email');
INSERT INTO address VALUES(2,'https://mail.test/inbox');
INSERT INTO address VALUES(3,'https://example.com/pricing');
INSERT INTO address VALUES(4,'https://example.com/docs');
INSERT INTO address VALUES(5,'https://example.com/');
INSERT INTO address VALUES(6,'https://example.com/pricing#plans');
CREATE TABLE visitor (
        id INTEGER PRIMARY KEY,
        key ANY NOT NULL,
        site INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        UNIQUE (key, site)
     ) STRICT;
INSERT INTO visitor VALUES(1,X'0190f3c27d1a7c338a5e000000000001',2,1795176000000);
INSERT INTO visitor VALUES(2,X'0190f3c27d1a7c338a5e000000000002',2,1795219500000);
INSERT INTO visitor VALUES(3,'u:customer-1',2,1795338000000);
CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL,
        at INTEGER NOT NULL,
        goal INTEGER NOT NULL,
        visitor INTEGER,
        url INTEGER,
        referrer INTEGER,
        metadata TEXT,
        amount INTEGER,
        currency TEXT
     ) STRICT;
INSERT INTO event VALUES(1,2,1795168800000,0,1,1,2,NULL,NULL,NULL);
INSERT INTO event VALUES(2,2,1795169400000,0,1,3,NULL,NULL,NULL,NULL);
INSERT INTO event VALUES(3,2,1795169520000,1,1,3,NULL,'{"plan":"pro","value":49,"currency":"USD"}',4900,'USD');
INSERT INTO event VALUES(4,2,1795176000000,0,1,4,NULL,NULL,NULL,NULL);
INSERT INTO event VALUES(5,2,1795218600000,0,2,5,NULL,NULL,NULL,NULL);
INSERT INTO event VALUES(6,2,1795219500000,0,2,6,NULL,NULL,NULL,NULL);
INSERT INTO event VALUES(7,2,1795338000000,2,3,NULL,NULL,'{"value":49,"currency":"USD"}',4900,'USD');
INSERT INTO event VALUES(8,2,1795339800000,3,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE event_key (
        workspace INTEGER NOT NULL,
        key BLOB NOT NULL,
        PRIMARY KEY (workspace, key)
     ) STRICT, WITHOUT ROWID;
INSERT INTO event_key VALUES(1,X'0190f3c27d1a4c338a5e0000000000aa');
INSERT INTO event_key VALUES(1,X'01a20da8fe1474f3a16d5280068de82d');
INSERT INTO event_key VALUES(1,X'01a20da8fe1577719b230f901e1104d1');
INSERT INTO event_key VALUES(1,X'01a20da8fe1675b9b1f635503f0f5b87');
INSERT INTO event_key VALUES(1,X'01a20da8fe1770529b69f70ee33bcc37');
INSERT INTO event_key VALUES(1,X'01a20da8fe187109988aae2b52ecfcf5');
INSERT INTO event_key VALUES(1,X'01a20da8fe1970d080a491f7e2073422');
INSERT INTO event_key VALUES(1,X'01a20da8fe1970d080a491f932fad361');
CREATE TABLE site_goal (
        site INTEGER NOT NULL,
        goal INTEGER NOT NULL,
        PRIMARY KEY (site, goal)
     ) STRICT, WITHOUT ROWID;
INSERT INTO site_goal VALUES(2,1);
INSERT INTO site_goal VALUES(2,2);
INSERT INTO site_goal VALUES(2,3);
CREATE TABLE identity (
        visitor INTEGER NOT NULL,
        at INTEGER NOT NULL,
        user TEXT NOT NULL,
        PRIMARY KEY (visitor, at, user)
     ) STRICT, WITHOUT ROWID;
INSERT INTO identity VALUES(1,1795169520000,'customer-1');
INSERT INTO identity VALUES(1,1795176000000,'customer-1');
INSERT INTO identity VALUES(3,1795338000000,'customer-1');
CREATE TABLE dropped (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        reason TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (site, day, reason)
     ) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_goal ON event (site, goal, at, visitor);
CREATE INDEX event_with_revenue ON event (site, goal, at, currency, amount) WHERE amount IS NOT NULL;
CREATE INDEX event_by_site ON event (site);
COMMIT;
PRAGMA user_version = 1;
