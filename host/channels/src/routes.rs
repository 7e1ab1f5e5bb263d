//! Routes: which queue a request goes to. Conditions run once, at intake, on the full message.

use jackfield_config::{Facts, Outcome, Route};
use jackfield_spec::Message;
use serde_json::{Value, json};

/// The routes in order, with what they cost known beforehand.
pub(crate) struct Routes {
    routes: Vec<Route>,
    conditional: bool,
}

/// What the routes decided.
pub(crate) struct Routed {
    pub(crate) route: Option<jackfield_router::Route>,
    /// Conditions that could not be said.
    pub(crate) failures: u64,
}

impl Routes {
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        Self { conditional: routes.iter().any(|route| route.when.is_some()), routes }
    }

    pub(crate) fn decide(&self, message: &Message, channel: &Value, now: u64) -> Routed {
        let facts = self.conditional.then(|| Facted::new(message));
        let now =
            jiff::Timestamp::from_millisecond(i64::try_from(now).unwrap_or(i64::MAX)).unwrap_or(jiff::Timestamp::MAX);
        let mut failures = 0;
        for (index, route) in self.routes.iter().enumerate() {
            let matched = match (&route.when, &facts) {
                (None, _) => true,
                (Some(when), Some(facts)) => match when.evaluate(&facts.facts(channel, now)) {
                    Outcome::Match => true,
                    Outcome::NoMatch => false,
                    Outcome::Failed(why) => {
                        failures += 1;
                        tracing::debug!(route = index + 1, place = %route.place, "a condition failed and counts as not met: {why}");
                        false
                    }
                },
                (Some(_), None) => false,
            };
            if matched {
                let rule = format!("route {}", index + 1).into();
                let route = jackfield_router::Route {
                    queue: route.queue.as_str().into(),
                    priority: route.priority,
                    rule,
                    skills: crate::rules::levels(&route.skills),
                    preferred_skills: crate::rules::levels(&route.preferred_skills),
                    attributes: route.attributes.clone(),
                };
                return Routed { route: Some(route), failures };
            }
        }
        Routed { route: None, failures }
    }
}

/// A message as conditions see it.
struct Facted {
    message: Value,
    work_item: Value,
    customer: Value,
}

impl Facted {
    fn new(message: &Message) -> Self {
        // A message is plain data with text keys; it always has a JSON form.
        let message = serde_json::to_value(message).unwrap_or(Value::Null);
        let work_item = message.get("workItem").cloned().unwrap_or(Value::Null);
        let customer = work_item.get("customer").cloned().unwrap_or(Value::Null);
        Self { message, work_item, customer }
    }

    fn facts<'a>(&'a self, channel: &'a Value, now: jiff::Timestamp) -> Facts<'a> {
        Facts { message: &self.message, work_item: &self.work_item, customer: &self.customer, channel, now }
    }
}

/// A channel as conditions see it.
pub(crate) fn channel_facts(id: &str, driver: &str, simulated: bool) -> Value {
    json!({ "id": id, "driver": driver, "simulated": simulated })
}

#[cfg(test)]
mod tests;
