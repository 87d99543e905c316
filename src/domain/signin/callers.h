#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/services/services.h"
#include "domain/sessions/sessions.h"

// Who asks: the holder of a session, or an application service in a user's name.
namespace latchkey::signin {

struct Caller {
  sessions::Identity identity;                 // of a service: without a session
  const services::Service* service = nullptr;  // absent: a person's client

  bool is_service() const { return service != nullptr; }
};

// What an application service asserts (Application Service API "Identity assertion"; MSC4326).
// Means nothing beside a person's token.
struct Asserted {
  std::optional<std::string> user_id;
  std::optional<std::string> device_id;
};

struct CallerRefused {
  enum class Why {
    token,              // `standing` says why
    outside_namespace,  // the asserted user is not the service's
    not_registered,     // the asserted user does not exist
    deactivated,
    unknown_device,  // the asserted device is not the user's
  };
  Why why = Why::token;
  sessions::Standing standing;
};

class Callers {
 public:
  Callers(const Ground& ground, sessions::Sessions& sessions, const services::Services& services,
          std::string server_name)
      : ground_(ground),
        sessions_(sessions),
        services_(services),
        server_name_(std::move(server_name)) {}

  // The service whose token this is, sent from there; null: none.
  const services::Service* service_of(std::string_view token, std::string_view address) const {
    return services_.find_by_token(token, address);
  }

  Task<std::expected<Caller, CallerRefused>> identify(const sessions::Use& use,
                                                      std::string_view token,
                                                      const Asserted& asserted);

 private:
  Task<std::expected<Caller, CallerRefused>> assert_identity(const services::Service& service,
                                                             const Asserted& asserted);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  const services::Services& services_;
  const std::string server_name_;
};

}  // namespace latchkey::signin
