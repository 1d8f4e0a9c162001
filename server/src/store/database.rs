//! The two databases behind one small interface: connect, migrate, read, write in a transaction.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Postgres, Sqlite, Transaction};

use super::value::{Arg, Row};

/// The oldest SQLite we run on: earlier ones have a known way to corrupt a WAL database.
pub const SQLITE_MINIMUM: (u32, u32, u32) = (3, 51, 3);

/// How long to wait for a connection to PostgreSQL.
const PATIENCE: Duration = Duration::from_secs(5);

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static SQLITE_KEY_MIGRATIONS: Migrator = sqlx::migrate!("migrations/keys-sqlite");
static POSTGRES_KEY_MIGRATIONS: Migrator = sqlx::migrate!("migrations/keys-postgres");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Why storage could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or broke.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// A migration could not be applied.
    #[error("a migration failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The bundled SQLite is too old.
    #[error("SQLite {0} is older than 3.51.3")]
    SqliteTooOld(String),
    /// Another process has the database file open.
    #[error("another server uses this database file")]
    Locked,
    /// Migrations of this version are missing, or there are some of a later version.
    #[error(
        "the database is not at the layout of this version; run `assent-server migrate`, or a newer server"
    )]
    NotCurrent,
    /// Database and key store do not belong together.
    #[error(
        "the key store belongs to another database, or is missing; put back the one that belongs here before starting \
         (specs/decisions/0018)"
    )]
    OtherKeyStore,
    /// The lock file or the data directory cannot be used.
    #[error("the data directory cannot be used")]
    File(#[from] std::io::Error),
    /// The URL is neither `sqlite:` nor `postgres:`.
    #[error("the database URL must begin with sqlite: or postgres:")]
    Url,
    /// What is stored does not read back.
    #[error("stored data is damaged: {0}")]
    Damaged(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        stop_if_lost(&error);
        Self::Database(error)
    }
}

/// Results of SQLite after which nobody knows what is on disk: a write, an fsync, an fsync of the folder or a truncation
/// that failed (SQLITE_IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE).
const LOST: [&str; 4] = ["778", "1034", "1290", "1546"];

/// Stops the process when the disk did not take what was written. The kernel may have dropped the pages, so trying the
/// same again could acknowledge what is not there. At the next start the log is replayed from
/// what really is on disk. PostgreSQL does the same for itself.
fn stop_if_lost(error: &sqlx::Error) {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| LOST.contains(&code.as_ref())) {
        stop_now("the database");
    }
}

/// Ends the process at once, without destructors: one of them would try to write again.
pub(crate) fn stop_now(what: &str) {
    tracing::error!("the disk did not keep what was written to {what}: stopping");
    std::process::exit(70);
}

impl assent_core::error::ErrorCode for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Database(_) => "storage-failed",
            Self::Migration(_) => "storage-migration-failed",
            Self::SqliteTooOld(_) => "storage-sqlite-too-old",
            Self::Locked => "storage-locked",
            Self::NotCurrent => "storage-not-migrated",
            Self::OtherKeyStore => "storage-key-store-other",
            Self::File(_) => "storage-file-unusable",
            Self::Url => "storage-url-unknown",
            Self::Damaged(_) => "storage-damaged",
        }
    }

    fn blame(&self) -> assent_core::error::Blame {
        assent_core::error::Blame::Us
    }

    fn audience(&self) -> assent_core::error::Audience {
        assent_core::error::Audience::Operator
    }
}

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Sqlite {
        /// One connection: SQLite has one writer, and waiting here is fairer than busy retries.
        writer: SqlitePool,
        readers: SqlitePool,
        /// Held so that a second server cannot open the same file.
        lock: Arc<File>,
    },
    Postgres(PgPool),
}

/// Announcements of changed vaults by processes on the same database.
#[derive(Debug)]
pub struct Announcements(PgListener);

impl Announcements {
    /// The next one: vault and version, or `None` when some may have been missed. Connects again by itself.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database cannot be reached again.
    pub async fn next(&mut self) -> Result<Option<(String, i64)>, StoreError> {
        let notification = self.0.try_recv().await?;
        Ok(notification.and_then(|notification| {
            let (vault, version) = notification.payload().split_once(' ')?;
            Some((vault.to_owned(), version.parse().ok()?))
        }))
    }
}

/// A transaction that can write. Dropping it rolls it back.
#[derive(Debug)]
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Database {
    /// Whether a URL is of a kind that [`Self::open`] knows.
    #[must_use]
    pub fn knows(url: &str) -> bool {
        ["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
    }

    /// Opens `sqlite:<path>` or `postgres://…`. Does not migrate.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if !Self::knows(url) {
            return Err(StoreError::Url);
        }
        match url.strip_prefix("sqlite:") {
            Some(path) => Self::open_sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await,
            None => Ok(Self(Kind::Postgres(open_postgres(url, None).await?))),
        }
    }

    /// The same for the key store: on PostgreSQL in a schema of its own, so that a backup can leave it out.
    pub(super) async fn open_keys(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            return Self::open(url).await;
        }
        let pool = open_postgres(url, Some("assent_keys")).await?;
        let there: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'assent_keys'",
        )
        .fetch_one(&pool)
        .await?;
        if there == 0 {
            sqlx::query("CREATE SCHEMA IF NOT EXISTS assent_keys")
                .execute(&pool)
                .await?;
        }
        Ok(Self(Kind::Postgres(pool)))
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            // Others on this machine have no business here, also with what is sealed.
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(dir).map_err(|error| named(dir, &error))?;
        }
        // Made before SQLite makes it, for its mode; the files beside it get the same.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| named(path, &error))?;
        let lock = path.with_extension("lock");
        let lock = File::create(&lock).map_err(|error| named(&lock, &error))?;
        lock.try_lock().map_err(|_| StoreError::Locked)?;
        let common = SqliteConnectOptions::new()
            .filename(path)
            // FULL: an acknowledged write survives a power cut. The default of WAL would lose the last ones.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            // Deleted content is overwritten with zeroes: erasure must reach the pages.
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", "0");
        let options = common
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "1000");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&writer)
            .await?;
        if parse_version(&version) < Some(SQLITE_MINIMUM) {
            return Err(StoreError::SqliteTooOld(version));
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(common.read_only(true))
            .await?;
        Ok(Self(Kind::Sqlite {
            writer,
            readers,
            lock: Arc::new(lock),
        }))
    }

    /// Applies every migration that is not yet applied. Refuses a database from a newer version.
    ///
    /// # Errors
    /// [`StoreError::Migration`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Sqlite { writer, .. } => SQLITE_MIGRATIONS.run(writer).await?,
            Kind::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// The same for the database of the key store.
    pub(super) async fn migrate_keys(&self) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Sqlite { writer, .. } => SQLITE_KEY_MIGRATIONS.run(writer).await?,
            Kind::Postgres(pool) => POSTGRES_KEY_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// True when every migration of this version is applied, and none of a later one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        self.is_at(&SQLITE_MIGRATIONS, &POSTGRES_MIGRATIONS).await
    }

    /// The same for the database of the key store.
    pub(super) async fn keys_are_current(&self) -> Result<bool, StoreError> {
        self.is_at(&SQLITE_KEY_MIGRATIONS, &POSTGRES_KEY_MIGRATIONS).await
    }

    async fn is_at(&self, on_sqlite: &Migrator, on_postgres: &Migrator) -> Result<bool, StoreError> {
        let (migrator, table) = match &self.0 {
            Kind::Sqlite { .. } => (
                on_sqlite,
                "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = '_sqlx_migrations'",
            ),
            Kind::Postgres(_) => (
                on_postgres,
                "SELECT COUNT(*) AS n FROM information_schema.tables
                 WHERE table_name = '_sqlx_migrations' AND table_schema = ANY (current_schemas(false))",
            ),
        };
        let known = self.fetch_optional(table, Vec::new()).await?;
        if known.map_or(Ok(0), |row| row.int("n"))? == 0 {
            return Ok(false);
        }
        let rows = self
            .fetch(
                "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version",
                Vec::new(),
            )
            .await?;
        let applied = rows
            .iter()
            .map(|row| row.int("version"))
            .collect::<Result<Vec<_>, _>>()?;
        let mut ours: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
        ours.sort_unstable();
        Ok(applied == ours)
    }

    /// `"sqlite"` or `"postgres"`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Kind::Sqlite { .. } => "sqlite",
            Kind::Postgres(_) => "postgres",
        }
    }

    /// Proves that a write would reach the database: takes the write lock and gives it back.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn probe(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.fetch(
            "SELECT COUNT(*) AS n FROM idempotency_keys WHERE scope = $1",
            vec!["probe".into()],
        )
        .await?;
        tx.rollback().await
    }

    /// Flushes the write-ahead log and closes every connection.
    pub async fn close(&self) {
        match &self.0 {
            Kind::Sqlite {
                writer,
                readers,
                lock,
            } => {
                readers.close().await;
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                    .execute(writer)
                    .await
                {
                    tracing::warn!(%error, "the last checkpoint failed");
                }
                writer.close().await;
                // From here on another server may open the file, even while clones of this handle live on.
                if let Err(error) = lock.unlock() {
                    tracing::warn!(%error, "the lock file could not be released");
                }
            }
            Kind::Postgres(pool) => pool.close().await,
        }
    }

    /// Moves the write-ahead log into the main file and empties it, so that erased bytes do not linger there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if let Kind::Sqlite { writer, .. } = &self.0 {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(writer)
                .await?;
        }
        Ok(())
    }

    /// What other processes announce about vaults; `None` on SQLite, which has no other process.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn announcements(&self) -> Result<Option<Announcements>, StoreError> {
        let Kind::Postgres(pool) = &self.0 else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("assent_vaults").await?;
        Ok(Some(Announcements(listener)))
    }

    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0 {
            // IMMEDIATE takes the write lock at once; a deferred transaction could fail half-way with "busy".
            Kind::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Kind::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads and sees one state of the database throughout.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0 {
            Kind::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Kind::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        })
    }

    /// Reads rows outside a transaction.
    pub(super) async fn fetch(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        Ok(match &self.0 {
            Kind::Sqlite { readers, .. } => bind_sqlite(sql, args)
                .fetch_all(readers)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Kind::Postgres(pool) => bind_postgres(sql, args)
                .fetch_all(pool)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// Reads at most one row outside a transaction.
    pub(super) async fn fetch_optional(
        &self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, args).await?.into_iter().next())
    }

    /// One writing statement in a transaction of its own; gives the number of rows it changed.
    pub(super) async fn execute(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx.execute(sql, args).await?;
        tx.commit().await?;
        Ok(changed)
    }
}

impl Tx {
    /// Runs a statement and gives the number of rows it changed.
    pub(super) async fn execute(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bind_sqlite(sql, args).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => bind_postgres(sql, args).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Reads rows.
    pub(super) async fn fetch(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => bind_sqlite(sql, args)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Self::Postgres(tx) => bind_postgres(sql, args)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// Reads at most one row.
    pub(super) async fn fetch_optional(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, args).await?.into_iter().next())
    }

    /// Tells every process, once this transaction commits, that a vault changed. SQLite has one process.
    pub(super) async fn announce(&mut self, vault: &str, version: i64) -> Result<(), StoreError> {
        if let Self::Postgres(_) = self {
            self.execute(
                "SELECT pg_notify('assent_vaults', $1)",
                vec![format!("{vault} {version}").as_str().into()],
            )
            .await?;
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

type SqliteQuery = sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments>;
type PostgresQuery = sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments>;

fn bind_sqlite(sql: &'static str, args: Vec<Arg>) -> SqliteQuery {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Int(v) => query.bind(v),
        Arg::Text(v) => query.bind(v),
        Arg::Blob(v) => query.bind(v),
    })
}

fn bind_postgres(sql: &'static str, args: Vec<Arg>) -> PostgresQuery {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Int(v) => query.bind(v),
        Arg::Text(v) => query.bind(v),
        Arg::Blob(v) => query.bind(v),
    })
}

async fn open_postgres(url: &str, schema: Option<&str>) -> Result<PgPool, StoreError> {
    let mut options = PgConnectOptions::from_str(url)?
        // An acknowledged write is on disk, also where the database default was relaxed.
        .options([("synchronous_commit", "on")])
        .application_name("assent-server");
    if let Some(schema) = schema {
        options = options.options([("search_path", schema)]);
    }
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone())
        .await;
    match pool {
        // A pool tries again until its time is up, and then says only that. One try of its own says why.
        Err(late @ sqlx::Error::PoolTimedOut) => {
            let alone = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
            Err(alone.ok().and_then(Result::err).unwrap_or(late).into())
        }
        pool => Ok(pool?),
    }
}

/// The same error with the file or folder it is about.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((
        parts.next()??,
        parts.next()??,
        parts.next().flatten().unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(parse_version("3.51.3") >= Some(SQLITE_MINIMUM));
        assert!(parse_version("3.54.1") >= Some(SQLITE_MINIMUM));
        assert!(parse_version("3.9.10") < Some(SQLITE_MINIMUM));
        assert!(parse_version("nonsense") < Some(SQLITE_MINIMUM));
    }

    #[tokio::test]
    async fn a_second_server_cannot_open_the_file_and_foreign_urls_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("a.db").display());
        let first = Database::open(&url).await.unwrap();
        assert!(matches!(Database::open(&url).await, Err(StoreError::Locked)));
        first.close().await;
        assert!(matches!(Database::open("mysql://x").await, Err(StoreError::Url)));
    }

    #[tokio::test]
    async fn what_cannot_be_opened_says_why_and_which() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let url = format!("sqlite:{}", dir.path().join("file/a.db").display());
        let error = Database::open(&url).await.unwrap_err();
        assert!(matches!(&error, StoreError::File(why) if why.to_string().contains("/file")));
        // Bound, so that nobody else gets the port, and not listening.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!(
            "postgres://assent:secret-word@{}/assent",
            socket.local_addr().unwrap()
        );
        let error = Database::open(&url).await.unwrap_err();
        let StoreError::Database(why) = &error else {
            panic!("{error}")
        };
        assert!(why.to_string().contains("Connection refused"), "{why}");
        assert!(!why.to_string().contains("secret-word"));
    }

    #[tokio::test]
    async fn the_files_are_for_their_owner_and_the_layout_is_known() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data").join("a.db");
        let database = Database::open(&format!("sqlite:{}", path.display()))
            .await
            .unwrap();
        assert!(!database.is_current().await.unwrap(), "nothing is migrated");
        database.migrate().await.unwrap();
        assert!(database.is_current().await.unwrap());
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(
            (mode(&path), mode(&path.with_extension("db-wal"))),
            (0o600, 0o600)
        );
        database
            .execute("DELETE FROM _sqlx_migrations WHERE version = 16", Vec::new())
            .await
            .unwrap();
        assert!(!database.is_current().await.unwrap(), "one is missing");
    }

    #[tokio::test]
    async fn sqlite_runs_with_the_settings_we_promise() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("a.db").display());
        let database = Database::open(&url).await.unwrap();
        database.migrate().await.unwrap();
        let Kind::Sqlite { writer, readers, .. } = &database.0 else {
            unreachable!()
        };
        for pool in [writer, readers] {
            let int =
                async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(pool).await.unwrap();
            assert_eq!(int("PRAGMA synchronous").await, 2, "FULL");
            assert_eq!(int("PRAGMA foreign_keys").await, 1);
            assert_eq!(int("PRAGMA secure_delete").await, 1);
            assert_eq!(int("PRAGMA trusted_schema").await, 0);
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
                .fetch_one(pool)
                .await
                .unwrap();
            assert_eq!(mode, "wal");
        }
        let write = sqlx::query("DELETE FROM vaults").execute(readers).await;
        assert!(write.is_err(), "readers cannot write");
        let loose: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0")
                .fetch_all(readers)
                .await
                .unwrap();
        let ours: Vec<_> = loose
            .iter()
            .filter(|name| !name.starts_with("sqlite_") && *name != "_sqlx_migrations")
            .collect();
        assert!(ours.is_empty(), "tables that are not STRICT: {ours:?}");
    }
}
