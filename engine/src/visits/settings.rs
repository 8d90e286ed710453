//! What is asked of a set.

/// What is wanted of a set of visits.
#[derive(Debug, Clone, Default)]
pub struct VisitSettings {
    /// The gap between visits, in microseconds.
    pub gap: i64,
    /// Of events before this instant only the ids matter; `None` where all count.
    pub counted_since: Option<i64>,
    /// Hosts that bring nobody.
    pub ignored: Vec<String>,
    /// Where visits are cut: instants in order. With cuts the rows are parts of visits.
    pub cuts: Vec<i64>,
    /// Whether the path of a page comes from its URL.
    pub path_from_url: bool,
    /// Whether pages are wanted; else only their number.
    pub with_pages: bool,
    /// Whether page views are wanted one by one, for [`super::VisitRows::views`].
    pub with_views: bool,
    /// Whether instead moments are wanted, for [`super::Engagement::of`]: page views, heartbeats and key events.
    pub with_moments: bool,
    /// The types of events that are heartbeats.
    pub heartbeats: Vec<String>,
    /// Whether touches are wanted.
    pub with_touch: bool,
    /// Who is to have the set: a number that it and its bytes carry, 0 for nobody.
    pub receiver: u32,
}
