//! HTTP messages as bytes: heads, content codings, charsets, media types, forms, multipart and JSON.
//! Pure: knows neither senders nor the store.
pub mod charset;
pub mod coding;
pub mod form;
pub mod head;
pub mod json;
pub mod media_type;
pub mod multipart;
pub mod request_view;
