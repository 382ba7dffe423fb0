//! The parts that pages are laid out of: props in, callbacks out, no fetching.

pub(crate) mod body;
pub(crate) mod brand;
pub(crate) mod connection;
pub(crate) mod copy;
pub(crate) mod create_form;
pub(crate) mod endpoint_bar;
pub(crate) mod endpoint_list;
pub(crate) mod endpoint_menu;
pub(crate) mod facts;
pub(crate) mod headers;
pub(crate) mod icon;
pub(crate) mod key_form;
pub(crate) mod link;
pub(crate) mod lost;
pub(crate) mod method;
pub(crate) mod notice;
pub(crate) mod outage;
pub(crate) mod request_detail;
pub(crate) mod request_list;
pub(crate) mod request_row;
pub(crate) mod switcher;
pub(crate) mod top_bar;
pub(crate) mod trouble;
pub(crate) mod waiting;
pub(crate) mod when;
pub(crate) mod workspace_menu;
