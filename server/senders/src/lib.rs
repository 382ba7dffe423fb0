//! Knowledge about senders of webhooks: how to recognize them, what they name and number, how they
//! sign, and what their handshakes expect. Pure: knows neither the store nor the network.
pub mod event;
pub mod handshake;
pub mod sender;
pub mod signature;
