#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "domain/clients/client.h"
#include "domain/oauth/signing_keys.h"
#include "domain/outbox/outbox.h"
#include "platform/http_client/http_client.h"
#include "platform/time.h"

// Tells clients that a session of theirs is over (OpenID Connect Back-Channel Logout 1.0 section
// 2.5). What is told, and when: domain/oauth/back_channel_logout.h.
namespace latchkey::outbound {

// What became of an attempt (section 2.8). A 400 is the client's last word: it cannot make anything
// of the token, and will not of the next one. Everything else that is no success may be another
// server's, or change.
outbox::Delivery delivery_of(const std::expected<http_client::Answer, http_client::Failure>& reply);

class LogoutSender final : public outbox::Consumer {
 public:
  struct Parts {
    const std::vector<clients::Client>& clients;  // of the configuration
    oauth::SigningKeys& keys;
    const Clock& clock;
    std::string issuer;
  };
  explicit LogoutSender(Parts parts) : parts_(std::move(parts)) {}

  std::string_view name() const override;
  std::size_t parallel() const override { return 4; }
  outbox::Delivery deliver(const outbox::Item& item, const outbox::AttemptLimits& limits) override;

 private:
  using Steady = std::chrono::steady_clock;

  std::string token(const clients::Client& client, const outbox::Item& item) const;

  const Parts parts_;
  // Clients that have just let an attempt run out of time, by ID: until when they are not asked.
  // Each such attempt keeps a thread from the other clients.
  std::mutex mutex_;
  std::map<std::string, Steady::time_point> silent_;
};

}  // namespace latchkey::outbound
