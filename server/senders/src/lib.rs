//! What is known of senders of webhooks: how to recognise them, what they name and number, how they
//! sign, and what their handshakes want. Pure: knows neither the store nor the network.
pub mod event;
pub mod handshake;
pub mod sender;
pub mod signature;
