//! HTTP: webhooks, the agents' WebSocket, the operators' API, metrics.
