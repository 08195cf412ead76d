//! A checked request: parsed expressions whose references exist and do not go in circles.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::found::{PlannedSearch, series};
use super::{MetricDataQuery, QueryError, QuerySource, Returned, label};
use crate::cloudwatch::band::{Band, Bands, TRAINING_SECONDS, Training, Trainings};
use crate::cloudwatch::math::{self, Expression, Inputs, MathError, MathProblem, Reference, Value};
use crate::cloudwatch::metric::{MINUTE_SECONDS, MetricStore, Window, minute_of, start_of_minute};

/// The longest id CloudWatch takes.
const MAXIMUM_ID_CHARACTERS: usize = 255;

/// Queries by position, with their parsed expressions.
#[derive(Debug)]
pub(in crate::cloudwatch) struct Plan<'queries> {
    queries: &'queries [MetricDataQuery],
    steps: Vec<Step>,
    /// Every position after the positions it needs.
    order: Vec<usize>,
}

#[derive(Debug)]
enum Step {
    Metric,
    Expression {
        expression: Expression,
        /// The positions whose values it reads, ascending.
        needs: BTreeSet<usize>,
        /// Those among them whose band it reads.
        banded: BTreeSet<usize>,
        searches: Vec<PlannedSearch>,
    },
}

impl<'queries> Plan<'queries> {
    pub(in crate::cloudwatch) fn new(
        queries: &'queries [MetricDataQuery],
    ) -> Result<Self, QueryError> {
        let mut positions = BTreeMap::new();
        for (position, query) in queries.iter().enumerate() {
            check_id(&query.id)?;
            check_period(query)?;
            if positions.insert(query.id.as_str(), position).is_some() {
                return Err(QueryError::DuplicateId(query.id.clone()));
            }
        }
        let steps = queries
            .iter()
            .map(|query| step(query, queries, &positions))
            .collect::<Result<Vec<_>, _>>()?;
        let mut plan = Self { queries, steps, order: Vec::new() };
        plan.order = plan.ordered()?;
        plan.no_band_of_a_search()?;
        if plan.returned().is_empty() {
            return Err(QueryError::NothingReturned);
        }
        Ok(plan)
    }

    /// The positions that are returned, ascending.
    pub(super) fn returned(&self) -> Vec<usize> {
        let positions = self.queries.iter().enumerate();
        positions.filter(|(_, query)| query.returned == Returned::Yes).map(|(at, _)| at).collect()
    }

    /// Whether the query at a position is nothing but an anomaly band.
    pub(in crate::cloudwatch) fn is_band(&self, position: usize) -> bool {
        match &self.steps[position] {
            Step::Metric => false,
            Step::Expression { expression, .. } => expression.is_band(),
        }
    }

    /// Every search of every expression.
    pub(super) fn searches(&self) -> impl Iterator<Item = &PlannedSearch> {
        self.steps.iter().flat_map(|step| match step {
            Step::Metric => [].iter(),
            Step::Expression { searches, .. } => searches.iter(),
        })
    }

    /// Whether any expression searches.
    pub(in crate::cloudwatch) fn has_search(&self) -> bool {
        self.searches().next().is_some()
    }

    /// No band can be had of what searches find.
    ///
    /// Source: the section on anomaly detection of
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>.
    fn no_band_of_a_search(&self) -> Result<(), QueryError> {
        let searches = |position: usize| match &self.steps[position] {
            Step::Metric => false,
            Step::Expression { searches, .. } => !searches.is_empty(),
        };
        for banded in self.banded() {
            if self.needed(&[banded]).into_iter().any(searches) {
                return Err(QueryError::BandOfSearch(self.queries[banded].id.clone()));
            }
        }
        Ok(())
    }

    /// The bands the expressions ask for, trained on the two weeks before the window starts.
    pub(in crate::cloudwatch) fn train_bands(
        &self,
        store: &MetricStore,
        window: Window,
        trainings: &Trainings,
    ) -> Result<Bands, QueryError> {
        let mut bands = Bands::new();
        let wanted = self.banded();
        if wanted.is_empty() {
            return Ok(bands);
        }
        let plain = Training::plain();
        let two_weeks = Window {
            start: start_of_minute(minute_of(window.start) - TRAINING_SECONDS / MINUTE_SECONDS),
            end: window.start,
            visible_until: window.visible_until.min(window.start),
        };
        let values = self.values(store, two_weeks, &Bands::new(), &wanted)?;
        for position in wanted {
            let Some(Value::Series(series)) = values.get(&position) else { continue };
            // Periods that `FILL` made before the metric existed are no history.
            let Some(first) = self.first_sample(position, store) else { continue };
            let mut points = series.points();
            points.retain(|(at, _)| *at >= first);
            let id = &self.queries[position].id;
            let training = trainings.get(id).unwrap_or(&plain);
            if let Some(band) = Band::train(&points, two_weeks.end, training) {
                bands.insert(id.clone(), band);
            }
        }
        Ok(bands)
    }

    /// The positions some expression wants a band of, ascending.
    fn banded(&self) -> Vec<usize> {
        let mut all = BTreeSet::new();
        for step in &self.steps {
            match step {
                Step::Metric => {}
                Step::Expression { banded, .. } => all.extend(banded),
            }
        }
        all.into_iter().collect()
    }

    /// When the oldest metric behind a position began.
    fn first_sample(&self, position: usize, store: &MetricStore) -> Option<Timestamp> {
        let needed = self.needed(&[position]);
        let metrics = needed.iter().filter_map(|at| match &self.queries[*at].source {
            QuerySource::Metric(metric) => store.first_seen(&metric.key),
            QuerySource::Expression { .. } => None,
        });
        metrics.min()
    }

    /// The values of the wanted positions and of all they need.
    pub(in crate::cloudwatch) fn values(
        &self,
        store: &MetricStore,
        window: Window,
        bands: &Bands,
        wanted: &[usize],
    ) -> Result<BTreeMap<usize, Value>, QueryError> {
        let needed = self.needed(wanted);
        let mut values: BTreeMap<usize, Value> = BTreeMap::new();
        for position in self.order.iter().filter(|position| needed.contains(position)) {
            let query = &self.queries[*position];
            let value = match (&query.source, &self.steps[*position]) {
                (QuerySource::Metric(metric), _) => {
                    Value::Series(series(metric, label(query), store, window))
                }
                (QuerySource::Expression { .. }, Step::Metric) => continue,
                (
                    QuerySource::Expression { .. },
                    Step::Expression { expression, needs, searches, .. },
                ) => {
                    let found = searches.iter();
                    let found = found.map(|search| (search.at, search.series(store, window)));
                    let inputs =
                        Inputs { found: found.collect(), ..self.inputs(needs, &values, bands) };
                    let problem = |problem| QueryError::Math { id: query.id.clone(), problem };
                    expression.evaluate(&inputs).map_err(problem)?
                }
            };
            values.insert(*position, value);
        }
        Ok(values)
    }

    fn inputs<'values>(
        &'values self,
        needs: &BTreeSet<usize>,
        values: &'values BTreeMap<usize, Value>,
        bands: &'values Bands,
    ) -> Inputs<'values> {
        let needed = || needs.iter().filter_map(|at| Some((*at, values.get(at)?)));
        let id = |at: usize| self.queries[at].id.as_str();
        Inputs {
            values: needed().map(|(at, value)| (id(at), value)).collect(),
            metrics: needed()
                .filter(|(at, _)| matches!(self.queries[*at].source, QuerySource::Metric(_)))
                .map(|(at, _)| id(at))
                .collect(),
            found: BTreeMap::new(),
            bands,
        }
    }

    /// The wanted positions and, transitively, those they read.
    fn needed(&self, wanted: &[usize]) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        let mut open = wanted.to_vec();
        while let Some(position) = open.pop() {
            if needed.insert(position)
                && let Step::Expression { needs, .. } = &self.steps[position]
            {
                open.extend(needs);
            }
        }
        needed
    }

    /// Positions such that each comes after those it reads.
    fn ordered(&self) -> Result<Vec<usize>, QueryError> {
        let mut order: Vec<usize> = Vec::with_capacity(self.steps.len());
        let mut done = BTreeSet::new();
        while order.len() < self.steps.len() {
            let before = order.len();
            for (position, step) in self.steps.iter().enumerate() {
                let ready = match step {
                    Step::Metric => true,
                    Step::Expression { needs, .. } => needs.is_subset(&done),
                };
                if ready && done.insert(position) {
                    order.push(position);
                }
            }
            if order.len() == before {
                let stuck = self.queries.iter().enumerate().find(|(at, _)| !done.contains(at));
                let id = stuck.map(|(_, query)| query.id.clone()).unwrap_or_default();
                return Err(QueryError::Cycle(id));
            }
        }
        Ok(order)
    }
}

fn check_id(id: &str) -> Result<(), QueryError> {
    let starts_well = id.starts_with(|c: char| c.is_ascii_lowercase());
    let clean = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if starts_well && clean && id.len() <= MAXIMUM_ID_CHARACTERS {
        Ok(())
    } else {
        Err(QueryError::Id(id.to_owned()))
    }
}

fn check_period(query: &MetricDataQuery) -> Result<(), QueryError> {
    let period = match &query.source {
        QuerySource::Metric(metric) => Some(metric.period_seconds),
        QuerySource::Expression { period_seconds, .. } => *period_seconds,
    };
    match period {
        Some(period_seconds) if period_seconds == 0 || period_seconds % 60 != 0 => {
            Err(QueryError::Period { id: query.id.clone(), period_seconds })
        }
        Some(_) | None => Ok(()),
    }
}

fn step(
    query: &MetricDataQuery,
    queries: &[MetricDataQuery],
    positions: &BTreeMap<&str, usize>,
) -> Result<Step, QueryError> {
    let QuerySource::Expression { text, .. } = &query.source else { return Ok(Step::Metric) };
    let math = |problem| QueryError::Math { id: query.id.clone(), problem };
    let expression = math::parse(text).map_err(math)?;
    let (mut needs, mut banded) = (BTreeSet::new(), BTreeSet::new());
    for (at, reference) in expression.references() {
        let position = |id: &str| {
            let problem = MathProblem::UnknownId(id.to_owned());
            positions.get(id).copied().ok_or_else(|| math(MathError { at, problem }))
        };
        match reference {
            Reference::Id(id) => {
                needs.insert(position(id)?);
            }
            Reference::BandOf(id) => {
                needs.insert(position(id)?);
                banded.insert(position(id)?);
            }
            Reference::Metrics(part) => needs.extend(
                queries
                    .iter()
                    .enumerate()
                    .filter(|(_, other)| matches!(other.source, QuerySource::Metric(_)))
                    .filter(|(_, other)| part.is_none_or(|part| other.id.contains(part)))
                    .map(|(position, _)| position),
            ),
        }
    }
    let searches = expression.searches();
    let searches = searches.into_iter().map(|(at, call)| PlannedSearch::new(query, at, call));
    let searches = searches.collect::<Result<Vec<_>, _>>()?;
    Ok(Step::Expression { expression, needs, banded, searches })
}
