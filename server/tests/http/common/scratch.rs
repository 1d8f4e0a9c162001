//! An empty PostgreSQL database for one test.

/// Made by `ASSENT_TEST_POSTGRES`; `cargo xtask test` provides one.
pub struct Scratch {
    pub url: String,
    admin: sqlx::PgPool,
    name: String,
}

impl Scratch {
    /// `None`, said aloud, when there is no PostgreSQL to make it on.
    pub async fn create() -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests are told where PostgreSQL is by their environment"
        )]
        let Ok(url) = std::env::var("ASSENT_TEST_POSTGRES") else {
            eprintln!("NOT RUN ON POSTGRESQL: ASSENT_TEST_POSTGRES is not set (cargo xtask test sets it)");
            return None;
        };
        let admin = sqlx::PgPool::connect(&url).await.unwrap();
        let name = format!("assent_test_{}", uuid::Uuid::new_v4().simple());
        // Sorted as people sort, not by bytes: that is how most clusters are set up (PostgreSQL 15 or newer).
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        )))
        .execute(&admin)
        .await
        .unwrap();
        let mut scratch = url::Url::parse(&url).unwrap();
        scratch.set_path(&name);
        Some(Self {
            url: scratch.to_string(),
            admin,
            name,
        })
    }

    pub async fn drop(self) {
        let name = &self.name;
        sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .execute(&self.admin)
            .await
            .unwrap();
    }
}
