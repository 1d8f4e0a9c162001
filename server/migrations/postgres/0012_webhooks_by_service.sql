-- Webhooks are taken service by service, so that one with a long queue does not stand before the others.
DROP INDEX webhook_outbox_by_time;
CREATE INDEX webhook_outbox_by_service ON webhook_outbox (service_id, next_attempt_at);
