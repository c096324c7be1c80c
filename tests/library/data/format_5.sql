BEGIN TRANSACTION;
CREATE TABLE accounts (
	"row" INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	hash TEXT NOT NULL, 
	admin BOOLEAN NOT NULL, 
	shares_taste BOOLEAN NOT NULL, 
	created FLOAT NOT NULL, 
	player_password TEXT, 
	PRIMARY KEY ("row"), 
	UNIQUE (name)
);
INSERT INTO "accounts" VALUES(1,'ann','$argon2id$synthetic',1,1,1700000000.0,'player');
INSERT INTO "accounts" VALUES(2,'ben','$argon2id$synthetic2',0,1,1700000001.0,NULL);
CREATE TABLE alike (
	one INTEGER NOT NULL, 
	other INTEGER NOT NULL, 
	likeness FLOAT NOT NULL, 
	PRIMARY KEY (one, other), 
	FOREIGN KEY(one) REFERENCES tracks ("row"), 
	FOREIGN KEY(other) REFERENCES tracks ("row")
);
INSERT INTO "alike" VALUES(1,15,0.98);
CREATE TABLE api_keys (
	"row" INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	account INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	created FLOAT NOT NULL, 
	used FLOAT, 
	PRIMARY KEY ("row"), 
	UNIQUE (account, name), 
	UNIQUE ("key"), 
	FOREIGN KEY(account) REFERENCES accounts ("row") ON DELETE CASCADE
);
INSERT INTO "api_keys" VALUES(1,X'7DC167AB75561AC64AF0450C77BF0ACD9D114CDAC8517AAEB25F7CDD1F7AC20D',1,'plug-in',1.79593872474821615223e+09,NULL);
CREATE TABLE audio_files (
	track INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	digest TEXT, 
	failed TEXT, 
	failed_with TEXT, 
	failed_after FLOAT, 
	fast BOOLEAN NOT NULL, 
	duration FLOAT, 
	tempo FLOAT, 
	tempo_confidence FLOAT, 
	"key" TEXT, 
	key_confidence FLOAT, 
	loudness FLOAT, 
	PRIMARY KEY (track), 
	FOREIGN KEY(track) REFERENCES tracks ("row")
);
INSERT INTO "audio_files" VALUES(1,'/music/Ada/Dawn/01.flac',1000,1600000000000000000,'00000000000000000000000000000000',NULL,NULL,NULL,0,180.0,100.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(2,'/music/Ada/Dawn/02.flac',1001,1600000000000000001,'00000000000000000000000000000001',NULL,NULL,NULL,0,181.0,101.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(3,'/music/Bo/Early/01.flac',1002,1600000000000000002,'00000000000000000000000000000002',NULL,NULL,NULL,0,182.0,102.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(4,'/music/Bo/Late/01.flac',5,6,NULL,'it holds no sound','0.1.0',30.0,0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "audio_files" VALUES(5,'/music/Various/Hits/01.flac',1004,1600000000000000004,'00000000000000000000000000000004',NULL,NULL,NULL,0,184.0,104.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(6,'/music/Various/Hits/02.flac',1005,1600000000000000005,'00000000000000000000000000000005',NULL,NULL,NULL,0,185.0,105.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(7,'/music/Various/Hits/03.flac',1006,1600000000000000006,'00000000000000000000000000000006',NULL,NULL,NULL,0,186.0,106.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(8,'/music/Various/Hits/04.flac',1007,1600000000000000007,'00000000000000000000000000000007',NULL,NULL,NULL,0,187.0,107.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(9,'/music/Mix/Untagged/1.mp3',1008,1600000000000000008,'00000000000000000000000000000008',NULL,NULL,NULL,0,188.0,108.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(10,'/music/Mix/Untagged/2.mp3',1009,1600000000000000009,'00000000000000000000000000000009',NULL,NULL,NULL,0,189.0,109.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(11,'/music/gone.flac',1010,1600000000000000010,'0000000000000000000000000000000a',NULL,NULL,NULL,0,190.0,110.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(12,'/music/left.flac',1011,1600000000000000011,'0000000000000000000000000000000b',NULL,NULL,NULL,0,191.0,111.0,0.9,'A minor',0.8,-12.5);
INSERT INTO "audio_files" VALUES(15,'/music/copy.mp3',1014,1600000000000000014,'0000000000000000000000000000000e',NULL,NULL,NULL,0,194.0,114.0,0.9,'A minor',0.8,-12.5);
CREATE TABLE audit (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at FLOAT NOT NULL, 
	what VARCHAR NOT NULL, 
	who TEXT, 
	address TEXT, 
	detail TEXT
);
INSERT INTO "audit" VALUES(1,1.79593872475220942496e+09,'logged in','ann','192.0.2.1','page');
CREATE TABLE beliefs (
	user INTEGER NOT NULL, 
	signals VARCHAR NOT NULL, 
	mean BLOB NOT NULL, 
	precision BLOB NOT NULL, 
	PRIMARY KEY (user), 
	FOREIGN KEY(user) REFERENCES users ("row")
);
INSERT INTO "beliefs" VALUES(1,'signals-1',X'01010101010101010101010101010101',X'02020202020202020202020202020202');
CREATE TABLE feedback (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user INTEGER NOT NULL, 
	track INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	at FLOAT NOT NULL, 
	ms_played FLOAT, 
	"key" BLOB NOT NULL, 
	FOREIGN KEY(user) REFERENCES users ("row"), 
	FOREIGN KEY(track) REFERENCES tracks ("row"), 
	UNIQUE ("key")
);
INSERT INTO "feedback" VALUES(1,1,4,'like',1700005000.0,NULL,X'43FAE696C840DEA68CC6ED139C9A9A0E');
INSERT INTO "feedback" VALUES(2,1,6,'dislike',1700005001.0,NULL,X'1ACB4D586BB44D94320C3CDCD2118740');
INSERT INTO "feedback" VALUES(3,2,1,'play',1700005002.0,170000.0,X'4EDB5751C8B770A6FC503A8DD95DE64E');
INSERT INTO "feedback" VALUES(4,2,2,'skip',1700005003.0,3000.0,X'F3AC4EE38231009A9A4E27B223855A67');
CREATE TABLE friends (
	user INTEGER NOT NULL, 
	friend INTEGER NOT NULL, 
	PRIMARY KEY (user, friend), 
	FOREIGN KEY(user) REFERENCES users ("row"), 
	FOREIGN KEY(friend) REFERENCES users ("row")
);
INSERT INTO "friends" VALUES(1,2);
CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	verb VARCHAR NOT NULL, 
	arguments TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	asked_by TEXT, 
	asked FLOAT NOT NULL, 
	started FLOAT, 
	finished FLOAT, 
	cancelled FLOAT, 
	starts INTEGER NOT NULL, 
	claim VARCHAR, 
	runner TEXT, 
	process TEXT, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	result TEXT, 
	error TEXT
);
INSERT INTO "jobs" VALUES(1,'preprocess','{"dataset": "/music", "workers": 2}','running','ann',1.79593872479254293436e+09,1.79593872488052320483e+09,NULL,NULL,1,'ShPz1eHRr0v-zA1d','runner',NULL,0,0,'',NULL,NULL);
INSERT INTO "jobs" VALUES(2,'train','{"models": ["knn"]}','waiting','ann',1.7959387248117117882e+09,NULL,NULL,NULL,0,NULL,NULL,NULL,0,0,'',NULL,NULL);
CREATE TABLE listens (
	id INTEGER NOT NULL, 
	user INTEGER NOT NULL, 
	track INTEGER NOT NULL, 
	timestamp FLOAT, 
	position FLOAT, 
	plays FLOAT, 
	ms_played FLOAT, 
	rating FLOAT, 
	skipped BOOLEAN, 
	split VARCHAR, 
	dataset TEXT NOT NULL, 
	fingerprint BLOB, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user) REFERENCES users ("row"), 
	FOREIGN KEY(track) REFERENCES tracks ("row")
);
INSERT INTO "listens" VALUES(1,1,1,1700000000.0,NULL,NULL,180000.0,NULL,0,NULL,'/music',NULL);
INSERT INTO "listens" VALUES(2,1,3,1700000300.0,NULL,NULL,5000.0,NULL,1,NULL,'/music',NULL);
INSERT INTO "listens" VALUES(3,2,5,NULL,NULL,7.0,NULL,4.0,NULL,NULL,'/music',NULL);
INSERT INTO "listens" VALUES(4,1,2,1700000900.0,NULL,1.0,NULL,NULL,0,NULL,'history.json',X'666666666666666666666666');
INSERT INTO "listens" VALUES(5,3,5,NULL,NULL,12.0,NULL,NULL,NULL,NULL,'history.json',X'676767676767676767676767');
INSERT INTO "listens" VALUES(6,1,4,1700005000.0,NULL,NULL,NULL,5.0,NULL,NULL,'live',X'0D157B7BB36CDC34C99AD37FE0C638A5');
INSERT INTO "listens" VALUES(7,1,6,1700005001.0,NULL,NULL,NULL,1.0,NULL,NULL,'live',X'C11DFDED2E16545A97DD5A06DFB8B372');
INSERT INTO "listens" VALUES(8,2,1,1700005002.0,NULL,1.0,170000.0,NULL,0,NULL,'live',X'4EDB5751C8B770A6FC503A8DD95DE64E');
INSERT INTO "listens" VALUES(9,2,2,1700005003.0,NULL,1.0,3000.0,NULL,1,NULL,'live',X'F3AC4EE38231009A9A4E27B223855A67');
CREATE TABLE marks (
	owner VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	item VARCHAR NOT NULL, 
	starred FLOAT, 
	rating INTEGER, 
	opinion VARCHAR, 
	PRIMARY KEY (owner, kind, item)
);
INSERT INTO "marks" VALUES('ann','song','Bo/Late/01.flac',1700000000.0,NULL,'like');
INSERT INTO "marks" VALUES('ann','album','al-9d37412b245665d84a8c',NULL,4,NULL);
INSERT INTO "marks" VALUES('ann','artist','ar-b9594ebed2e75fca9ba7',1700000002.0,NULL,NULL);
INSERT INTO "marks" VALUES('ann','album','al-e83fc4101eb3e574c564',1700000003.0,NULL,NULL);
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('format','5');
CREATE TABLE playback (
	owner VARCHAR NOT NULL, 
	client VARCHAR NOT NULL, 
	session VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	track_id VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	position FLOAT NOT NULL, 
	rate FLOAT NOT NULL, 
	begun FLOAT NOT NULL, 
	at FLOAT NOT NULL, 
	ignored BOOLEAN NOT NULL, 
	PRIMARY KEY (owner, client)
);
INSERT INTO "playback" VALUES('ann','web','s1',1,'Ada/Dawn/01.flac','playing',12.5,1.0,1700000000.0,1700000012.5,0);
CREATE TABLE playlist_tracks (
	playlist INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	track INTEGER NOT NULL, 
	PRIMARY KEY (playlist, place), 
	FOREIGN KEY(playlist) REFERENCES playlists ("row") ON DELETE CASCADE, 
	FOREIGN KEY(track) REFERENCES tracks ("row")
);
INSERT INTO "playlist_tracks" VALUES(1,0,1);
INSERT INTO "playlist_tracks" VALUES(1,1,3);
INSERT INTO "playlist_tracks" VALUES(1,2,1);
INSERT INTO "playlist_tracks" VALUES(2,0,2);
INSERT INTO "playlist_tracks" VALUES(3,0,4);
INSERT INTO "playlist_tracks" VALUES(4,0,1);
INSERT INTO "playlist_tracks" VALUES(4,1,3);
CREATE TABLE playlists (
	"row" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	recipe TEXT NOT NULL, 
	created FLOAT NOT NULL, 
	changed FLOAT NOT NULL, 
	UNIQUE (id)
);
INSERT INTO "playlists" VALUES(1,'khJRs5jX4VqkXqIP','ann','By hand','tracks','{}',1.79593872477213358871e+09,1.79593872477213358871e+09);
INSERT INTO "playlists" VALUES(2,'ZKMm42va65yU1Kef','ann','Likes','like','{"like": ["Ada/Dawn/01.flac"], "k": 5, "history": true, "dials": {"diversity": 0.2, "familiarity": 0.3, "popularity": -0.1, "artist_cap": 2, "album_cap": 1}, "exclusions": {"artists": ["Act 1"], "folders": ["Mix"], "from_year": 1990}}',1.79593872477946519855e+09,1.79593872477946519855e+09);
INSERT INTO "playlists" VALUES(3,'2s2l3L8yefn08QVG','ann','Radio','radio','{"like": ["Bo/Early/01.flac"], "window": 40, "dials": {"variety": 0.2, "familiar": 0.5}}',1.79593872478363633148e+09,1.79593872478363633148e+09);
INSERT INTO "playlists" VALUES(4,'BwZtP4ZBTOQ6qhmV','ben','Path','path','{"start": "Ada/Dawn/01.flac", "end": "Bo/Early/01.flac", "k": 4, "signal": "metadata"}',1.7959387247877681256e+09,1.7959387247877681256e+09);
INSERT INTO "playlists" VALUES(5,'oQd5HBrj1G_aw94B','ben','Blend','blend','{"users": ["ann", "ben"], "k": 4}',1.79593872479033207899e+09,1.79593872479033207899e+09);
CREATE TABLE problems (
	id INTEGER NOT NULL, 
	dataset TEXT NOT NULL, 
	stage VARCHAR NOT NULL, 
	source TEXT NOT NULL, 
	line INTEGER, 
	subject TEXT, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "problems" VALUES(1,'/music','scan','broken.flac',3,'broken.flac','its tags cannot be read');
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	verb VARCHAR NOT NULL, 
	finished FLOAT NOT NULL, 
	fingerprint VARCHAR, 
	result TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'preprocess',1.79593872473047733301e+09,'abc','{"n_tracks": 15}');
INSERT INTO "runs" VALUES(2,'train',1.79593872473395514493e+09,NULL,'{"models": ["knn"]}');
CREATE TABLE sessions (
	token BLOB NOT NULL, 
	account INTEGER, 
	listener TEXT, 
	csrf TEXT NOT NULL, 
	created FLOAT NOT NULL, 
	used FLOAT NOT NULL, 
	expires FLOAT NOT NULL, 
	PRIMARY KEY (token), 
	FOREIGN KEY(account) REFERENCES accounts ("row") ON DELETE CASCADE
);
INSERT INTO "sessions" VALUES(X'7B3EFC0A1C4BC54E7398811F7E474E461A9C00CBC951F33B886A5F207C820EF2',1,NULL,'csrf',1.79593872487441873547e+09,1.79593872487441873547e+09,4000000000.0);
CREATE TABLE sought (
	"row" INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	track_id TEXT, 
	recording TEXT, 
	isrc TEXT, 
	artist TEXT, 
	title TEXT, 
	album TEXT, 
	PRIMARY KEY ("row"), 
	UNIQUE ("key")
);
INSERT INTO "sought" VALUES(1,X'6A3232DFEB7BE6C47068C4A2',NULL,'0b1c2d3e-0000-4000-8000-000000000009',NULL,'Eve Pole','Elsewhere','Away');
INSERT INTO "sought" VALUES(2,X'5B336918716874A17A98DC49',NULL,NULL,'XX0000000001','Eve Pole','Elsewhere',NULL);
CREATE TABLE splits (
	target VARCHAR NOT NULL, 
	track INTEGER NOT NULL, 
	split VARCHAR NOT NULL, 
	UNIQUE (target, track), 
	FOREIGN KEY(track) REFERENCES tracks ("row")
);
INSERT INTO "splits" VALUES('genre',1,'train');
INSERT INTO "splits" VALUES('genre',2,'valid');
INSERT INTO "splits" VALUES('genre',3,'test');
INSERT INTO "splits" VALUES('genre',4,'train');
INSERT INTO "splits" VALUES('genre',5,'valid');
INSERT INTO "splits" VALUES('genre',6,'test');
INSERT INTO "splits" VALUES('genre',7,'train');
INSERT INTO "splits" VALUES('genre',8,'valid');
INSERT INTO "splits" VALUES('genre',9,'test');
INSERT INTO "splits" VALUES('genre',10,'train');
INSERT INTO "splits" VALUES('tags',1,'train');
INSERT INTO "splits" VALUES('tags',2,'test');
INSERT INTO "splits" VALUES('tags',3,'train');
INSERT INTO "splits" VALUES('tags',4,'test');
CREATE TABLE tracks (
	"row" INTEGER NOT NULL, 
	track_id VARCHAR NOT NULL, 
	title TEXT, 
	artist TEXT, 
	album TEXT, 
	year INTEGER, 
	genres TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	tempo FLOAT, 
	duration FLOAT, 
	lyrics TEXT, 
	split VARCHAR, 
	path TEXT, 
	features TEXT, 
	metadata TEXT NOT NULL, 
	missing BOOLEAN, 
	left_out BOOLEAN, 
	PRIMARY KEY ("row"), 
	UNIQUE (track_id)
);
INSERT INTO "tracks" VALUES(1,'Ada/Dawn/01.flac','Dawn','Ada Reef','Dawn',1999,'["Folk", "Ambient"]','{"calm": 12.0, "folk": 3.0}',NULL,NULL,'A first line
and a second',NULL,'/music/Ada/Dawn/01.flac',NULL,'{"albumartist": "Ada Reef", "tracknumber": "1/2", "musicbrainz_recording_id": "0b1c2d3e-0000-4000-8000-000000000001"}',0,0);
INSERT INTO "tracks" VALUES(2,'Ada/Dawn/02.flac','Noon','Ada Reef','Dawn',1999,'["Folk"]','{}',NULL,NULL,NULL,NULL,'/music/Ada/Dawn/02.flac',NULL,'{"albumartist": "Ada Reef", "tracknumber": "2/2", "featured": "Bo Lark|Cy Finn"}',0,0);
INSERT INTO "tracks" VALUES(3,'Bo/Early/01.flac','Early','Bo Lark','Dawn',2004,'["Rock"]','{}',120.0,201.5,NULL,NULL,'/music/Bo/Early/01.flac',NULL,'{}',0,0);
INSERT INTO "tracks" VALUES(4,'Bo/Late/01.flac','Late','THE BO LARK','Late',NULL,'["Rock", "Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Bo/Late/01.flac',NULL,'{}',0,0);
INSERT INTO "tracks" VALUES(5,'Various/Hits/01.flac','Hit 1','Act 1','Hits 2004',2004,'["Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Various/Hits/01.flac',NULL,'{"albumartist": "Various Artists", "tracknumber": "1"}',0,0);
INSERT INTO "tracks" VALUES(6,'Various/Hits/02.flac','Hit 2','Act 2','Hits 2004',2004,'["Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Various/Hits/02.flac',NULL,'{"albumartist": "Various Artists", "tracknumber": "2"}',0,0);
INSERT INTO "tracks" VALUES(7,'Various/Hits/03.flac','Hit 3','Act 3','Hits 2004',2004,'["Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Various/Hits/03.flac',NULL,'{"albumartist": "Various Artists", "tracknumber": "3"}',0,0);
INSERT INTO "tracks" VALUES(8,'Various/Hits/04.flac','Hit 4','Act 4','Hits 2004',2004,'["Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Various/Hits/04.flac',NULL,'{"albumartist": "Various Artists", "tracknumber": "4"}',0,0);
INSERT INTO "tracks" VALUES(9,'Mix/Untagged/1.mp3','Song 1','Act 1','Summer',NULL,'["Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Mix/Untagged/1.mp3',NULL,'{}',0,0);
INSERT INTO "tracks" VALUES(10,'Mix/Untagged/2.mp3','Song 2','Act 2','Summer',NULL,'["Pop"]','{}',NULL,NULL,NULL,NULL,'/music/Mix/Untagged/2.mp3',NULL,'{}',0,0);
INSERT INTO "tracks" VALUES(11,'gone.flac','Gone','Ada Reef','Dawn',NULL,'["Folk"]','{}',NULL,NULL,NULL,NULL,'/music/gone.flac',NULL,'{}',1,0);
INSERT INTO "tracks" VALUES(12,'left.flac','Left out','Di Moss',NULL,NULL,'[]','{}',NULL,NULL,NULL,NULL,'/music/left.flac',NULL,'{}',1,1);
INSERT INTO "tracks" VALUES(13,'bare',NULL,NULL,NULL,NULL,'[]','{}',NULL,NULL,NULL,'train',NULL,'/frames/bare.npy','{"artist_id": "7", "album_id": "3"}',0,0);
INSERT INTO "tracks" VALUES(14,'bare2',NULL,NULL,NULL,NULL,'[]','{}',NULL,NULL,NULL,'test',NULL,'/frames/bare2.npy','{"artist_id": "7", "album_id": "-1"}',0,0);
INSERT INTO "tracks" VALUES(15,'copy.mp3','Dawn','Ada Reef','Dawn (Deluxe)',2010,'["Folk"]','{}',NULL,NULL,NULL,NULL,'/music/copy.mp3',NULL,'{}',0,0);
CREATE TABLE tries (
	number INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	name BLOB NOT NULL, 
	address TEXT, 
	PRIMARY KEY (number)
);
INSERT INTO "tries" VALUES(1,1.79593872476193451882e+09,X'D8963D899008CF8C05369BE7B9042715','192.0.2.1');
CREATE TABLE users (
	"row" INTEGER NOT NULL, 
	user_id VARCHAR NOT NULL, 
	PRIMARY KEY ("row"), 
	UNIQUE (user_id)
);
INSERT INTO "users" VALUES(1,'ann');
INSERT INTO "users" VALUES(2,'ben');
INSERT INTO "users" VALUES(3,'cat');
INSERT INTO "users" VALUES(4,'dot');
CREATE TABLE waiting (
	id INTEGER NOT NULL, 
	user INTEGER NOT NULL, 
	sought INTEGER NOT NULL, 
	timestamp FLOAT, 
	position FLOAT, 
	plays FLOAT, 
	ms_played FLOAT, 
	rating FLOAT, 
	skipped BOOLEAN, 
	split VARCHAR, 
	dataset TEXT NOT NULL, 
	fingerprint BLOB NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user) REFERENCES users ("row"), 
	FOREIGN KEY(sought) REFERENCES sought ("row"), 
	UNIQUE (fingerprint)
);
INSERT INTO "waiting" VALUES(1,3,1,1700000060.0,NULL,1.0,NULL,NULL,NULL,NULL,'history.json',X'686868686868686868686868');
INSERT INTO "waiting" VALUES(2,1,2,1700000061.0,NULL,1.0,90000.0,NULL,NULL,NULL,'history.json',X'696969696969696969696969');
CREATE INDEX tries_by_name ON tries (name);
CREATE INDEX tries_by_address ON tries (address);
CREATE INDEX playlists_by_owner ON playlists (owner);
CREATE INDEX jobs_by_state ON jobs (state);
CREATE UNIQUE INDEX listens_by_fingerprint ON listens (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX listens_by_user ON listens (user);
CREATE INDEX waiting_by_sought ON waiting (sought);
CREATE INDEX sessions_by_account ON sessions (account);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('feedback',4);
INSERT INTO "sqlite_sequence" VALUES('audit',1);
INSERT INTO "sqlite_sequence" VALUES('playlists',5);
INSERT INTO "sqlite_sequence" VALUES('jobs',2);
COMMIT;
