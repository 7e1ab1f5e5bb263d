//! `/v1/drivers`

use super::list::{List, Page};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::extract::State;
use jackfield_channels::DriverView;
use serde::Serialize;

/// A driver, under the key that lists are ordered by.
#[derive(Serialize)]
pub(crate) struct Listed {
    /// `name@version`, and the digest where two components say the same of themselves.
    id: String,
    #[serde(flatten)]
    driver: DriverView,
}

pub(crate) async fn list(caller: Caller, page: Page, State(gateway): State<Gateway>) -> Result<List<Listed>, Problem> {
    caller.reads()?;
    let mut drivers: Vec<_> = gateway.channels().drivers().into_iter().map(Listed::new).collect();
    drivers.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(page.of(drivers, |driver| &driver.id))
}

impl Listed {
    fn new(driver: DriverView) -> Self {
        Self { id: format!("{}@{}#{}", driver.name, driver.version, driver.digest), driver }
    }
}
