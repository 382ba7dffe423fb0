//! The pages: they load data and lay out components, nothing else.

pub(crate) mod home;
pub(crate) mod inspect;
