//! The logical tables and their columns (docs/sources.md): what a mapping may name, and where the reference schema has it.

use super::sql::Type::{self, Boolean, Int, Jsonb, Numeric, Text, TextArray, Timestamptz};

/// A logical table.
#[derive(Debug)]
pub struct LogicalTable {
    /// Its name, which is that of its view.
    pub name: &'static str,
    /// The reference schema's table.
    pub relation: &'static str,
    /// The column that writers find a row by.
    pub key: &'static str,
    /// The comment of the view.
    pub what: &'static str,
    /// In the order of the view.
    pub columns: &'static [LogicalColumn],
}

/// A column of a logical table.
#[derive(Debug)]
pub struct LogicalColumn {
    /// Its name.
    pub name: &'static str,
    /// The fixed type.
    pub column_type: Type,
    /// Where the reference schema has the value: an expression over the columns of its table, in which `{column}` stands for
    /// the expression of another logical column, so that it follows a mapping; or, as JSON, a field of a document.
    pub default: &'static str,
    /// The comment of the column.
    pub what: &'static str,
}

impl LogicalTable {
    /// The logical table of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Its column of that name.
    pub fn column(&self, name: &str) -> Option<&'static LogicalColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

const fn column(name: &'static str, column_type: Type, default: &'static str, what: &'static str) -> LogicalColumn {
    LogicalColumn { name, column_type, default, what }
}

/// All of them.
pub const TABLES: &[LogicalTable] = &[
    LogicalTable {
        name: "events",
        relation: "public.website_events",
        key: "event_id",
        what: "What visitors of the website did, one row per event",
        columns: &[
            column("event_id", Text, "event_id", "The id of the event"),
            column("visitor_id", Text, "session_id", "The browser, by the id that the website keeps in it"),
            column("occurred_at", Timestamptz, "created_at", "When it happened"),
            column("event_type", Text, "event_type", "What happened, such as pageview"),
            column("page_url", Text, "page_url", "The address of the page, with its parameters"),
            column(
                "page_path",
                Text,
                "mrcall.url_path({page_url})",
                "The path of the page, without host and parameters",
            ),
            column("referrer", Text, "referrer", "The address that the visitor came from, as the browser says it"),
            column("utm_source", Text, "utm_source", "The campaign parameter utm_source"),
            column("utm_medium", Text, "utm_medium", "The campaign parameter utm_medium"),
            column("utm_campaign", Text, "utm_campaign", "The campaign parameter utm_campaign"),
            column("utm_term", Text, "utm_term", "The campaign parameter utm_term"),
            column("utm_content", Text, "utm_content", "The campaign parameter utm_content"),
            column("user_agent", Text, "user_agent", "How the browser names itself"),
            column("properties", Jsonb, "properties", "What else the website says of the event"),
        ],
    },
    LogicalTable {
        name: "customers",
        relation: "public.customers_registry",
        key: "customer_id",
        what: "User accounts, with the browsers they were seen in",
        columns: &[
            column("customer_id", Text, "id", "The id of the account"),
            column("created_at", Timestamptz, "created_at", "When the customer signed up"),
            column(
                "website_session_ids",
                TextArray,
                "mrcall_internal.website_session_ids({document})",
                "All browsers the customer was seen in, in order of first linking",
            ),
            column("role", Text, "role", "The role of the account"),
            column("realm", Text, "realm", "The realm of the account"),
            column(
                "website_session_id",
                Text,
                "{document}->>'website_session_id'",
                "The browser the customer was last seen in",
            ),
            column("document", Jsonb, "document", "What else the application keeps of the account"),
        ],
    },
    LogicalTable {
        name: "businesses",
        relation: "public.business",
        key: "business_id",
        what: "Subscribers of the service",
        columns: &[
            column("business_id", Text, "business_id", "The id of the business"),
            column("owner", Text, "owner", "The customer that owns it, as customers.customer_id"),
            column("template", Text, "template", "Its plan, as templates.name"),
            column("created_at", Timestamptz, "created_at", "When it was created"),
            column("subscription_status", Text, "subscription_status", "The state of its subscription, such as active"),
            column("stripe_customer_id", Text, "stripe_customer_id", "Its id as a customer of Stripe"),
            column("zone", Text, "time_zone", "Its time zone, such as Europe/Rome"),
        ],
    },
    LogicalTable {
        name: "subscriptions",
        relation: "public.payment_subscription",
        key: "subscription_id",
        what: "Paid plans and trials of businesses",
        columns: &[
            column("subscription_id", Text, "id", "The id of the subscription at its provider"),
            column("business_id", Text, "business_id", "Whose it is, as businesses.business_id"),
            column("provider", Text, "provider", "Who bills it: stripe or apple"),
            column("status", Text, "status", "Its state, such as active or trialing"),
            column("product", Text, "product", "What is sold, as products.name"),
            column("started_at", Timestamptz, "created_at", "When it began"),
            column("trial_ends_at", Timestamptz, "trial_end", "When its trial ends; NULL without a trial"),
            column("ended_at", Timestamptz, "ended_at", "When it ended; NULL while it runs"),
        ],
    },
    LogicalTable {
        name: "stripe_events",
        relation: "public.stripe_webhooks_registry",
        key: "event_id",
        what: "Stripe's webhook documents",
        columns: &[
            column("event_id", Text, "id", "The id of the event at Stripe"),
            column("received_at", Timestamptz, "created_at", "When the document came"),
            column("document", Jsonb, "document", "The document as it came"),
        ],
    },
    LogicalTable {
        name: "apple_events",
        relation: "public.apple_webhooks_registry",
        key: "event_id",
        what: "Apple's App Store server notifications",
        columns: &[
            column("event_id", Text, "id", "The id of the notification"),
            column("received_at", Timestamptz, "created_at", "When the document came"),
            column("document", Jsonb, "document", "The document, signed as it came or decoded"),
        ],
    },
    LogicalTable {
        name: "calls",
        relation: "public.sessions",
        key: "call_id",
        what: "Phone calls and web calls, one row per session",
        columns: &[
            column("call_id", Text, "id", "The id of the call"),
            column("business_id", Text, "business_id", "Who was called, as businesses.business_id"),
            column("owner", Text, "owner", "The customer that owns the business"),
            column("started_at", Timestamptz, "start_timestamp", "When the call began"),
            column("ended_at", Timestamptz, r#"{"path": "$.end_timestamp"}"#, "When the call ended"),
            column("outcome", Text, r#"{"path": "$.outcome"}"#, "How it ended, such as answered or transferred"),
            column(
                "answered",
                Boolean,
                r#"{"path": "$.answered"}"#,
                "Whether it was answered; NULL where that is not known",
            ),
            column("caller", Text, r#"{"path": "$.caller"}"#, "Who called: a phone number or another address"),
            column("medium", Text, r#"{"path": "$.medium"}"#, "How the call came, such as phone or web"),
            column("language", Text, r#"{"path": "$.language"}"#, "The language of the call"),
            column(
                "last_state",
                Text,
                r#"{"path": "$.state", "in": "state_variables"}"#,
                "The state of the conversation flow in which it ended, as flow_states.state",
            ),
            column(
                "state_variables",
                Jsonb,
                "state_variables",
                "The variables of the conversation flow; NULL once archived",
            ),
            column("data", Jsonb, "data", "What else is known of the call; NULL once archived"),
            column("transferred", Boolean, "{outcome} = 'transferred'", "Whether it was handed on to a person"),
            column(
                "states",
                TextArray,
                r#"{"path": "$.states", "in": "state_variables"}"#,
                "The states of the conversation flow it went through, in order",
            ),
            column(
                "answered_at",
                Timestamptz,
                r#"{"path": "$.answered_at"}"#,
                "When it was answered; NULL where that is not known, or not within the call",
            ),
            column(
                "direction",
                Text,
                r#"{"path": "$.direction"}"#,
                "Who called whom: inbound or outbound; NULL counts as inbound",
            ),
            column("agent", Text, r#"{"path": "$.agent"}"#, "Who answered: a person, or the assistant"),
        ],
    },
    LogicalTable {
        name: "contacts",
        relation: "public.contact",
        key: "contact_id",
        what: "The address books of businesses",
        columns: &[
            column("contact_id", Text, "contact_id", "The id of the contact"),
            column("business_id", Text, "business_id", "In whose address book it is, as businesses.business_id"),
            column("display_name", Text, "display_name", "The name that is shown"),
            column("variables", Jsonb, "variables", "What else is kept of the contact"),
        ],
    },
    LogicalTable {
        name: "phones",
        relation: "public.phone_details",
        key: "number",
        what: "Metadata of phone numbers",
        columns: &[
            column("number", Text, "number", "The phone number"),
            column("contact_id", Text, "contact_id", "Whose number it is, as contacts.contact_id"),
            column("country_alpha2", Text, "country_alpha2", "The country, two letters of ISO 3166-1"),
            column("number_type", Text, "number_type", "The kind of number, such as mobile"),
        ],
    },
    LogicalTable {
        name: "resources",
        relation: "public.business_resources",
        key: "id",
        what: "Minutes and calls allotted to businesses",
        columns: &[
            column("id", Text, "id", "The id of the grant"),
            column("business_id", Text, "business_id", "To whom it is granted, as businesses.business_id"),
            column("category", Text, "category", "What is granted: minutes, calls or another category"),
            column("expiration", Timestamptz, "expiration", "When it lapses; NULL where it does not"),
            column("amount", Numeric, "amount", "How much, in units of the category"),
            column("created_at", Timestamptz, "created_at", "When it was granted"),
        ],
    },
    LogicalTable {
        name: "templates",
        relation: "public.template",
        key: "name",
        what: "Plan configurations",
        columns: &[
            column("name", Text, "name", "The name of the plan"),
            column("trial_days", Int, "trial_days", "The length of its trial in days"),
            column(
                "recurrent_resources",
                Jsonb,
                "recurrent_resources",
                "What it grants each month: an amount per category",
            ),
        ],
    },
    LogicalTable {
        name: "products",
        relation: "public.product",
        key: "name",
        what: "Subscription products and their prices",
        columns: &[
            column("name", Text, "name", "The name of the product"),
            column("product_type", Text, "product_type", "The kind of product"),
            column("price_id", Jsonb, "price_id", "Its prices at the providers"),
            column("resource_units", Numeric, "resource_units", "How many units of a resource it brings"),
        ],
    },
    LogicalTable {
        name: "flow_states",
        relation: "public.decision_table",
        key: "state",
        what: "The states of the conversation flow",
        columns: &[
            column("instance", Text, "instance", "The flow that the state belongs to"),
            column("state", Text, "state", "The name of the state"),
            column("execution_order", Int, "execution_order", "Its place in the order of execution"),
            column("action", Text, "action", "What is done in it"),
            column("transition", Text, "transition", "Where it leads"),
            column("queries", Jsonb, "queries", "The questions that it asks"),
        ],
    },
    LogicalTable {
        name: "retention_policies",
        relation: "public.session_retention_policies",
        key: "business_id",
        what: "How long each business keeps its calls",
        columns: &[
            column("business_id", Text, "business_id", "Whose policy it is, as businesses.business_id"),
            column(
                "archive_after_days",
                Int,
                "archive_after_days",
                "After how many days of 24 hours a call is archived",
            ),
            column("delete_after_days", Int, "delete_after_days", "After how many days of 24 hours a call is deleted"),
        ],
    },
    LogicalTable {
        name: "call_index",
        relation: "public.sessions_ids",
        key: "id",
        what: "The index of call ids",
        columns: &[
            column("id", Text, "id", "The id of the call, as calls.call_id"),
            column("start_timestamp", Timestamptz, "start_timestamp", "When the call began, as calls.started_at"),
        ],
    },
];
