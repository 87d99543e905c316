#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "domain/homeserver/homeserver.h"
#include "domain/services/services.h"
#include "platform/http_client/http_client.h"
#include "platform/secret.h"

namespace latchkey::outbound {

// Synapse that has delegated authentication (matrix_authentication_service), by the routes which
// that opens. Each call is one to three requests, within one deadline: it asks first what it must
// not overwrite, and users of application services are registered by their service alone.
class Synapse final : public homeserver::Homeserver {
 public:
  struct Parts {
    std::string endpoint;  // http://127.0.0.1:8009/
    Secret secret;
    const services::Services& services;
    std::string server_name;
    // In whose name people are suspended, and a new token of that user.
    std::string administrator;
    std::function<std::string()> administrator_token;
  };
  explicit Synapse(Parts parts);

  template <class T = void>
  using Reply = homeserver::Reply<T>;

  Reply<homeserver::NameState> state_of_name(std::string_view localpart,
                                             const CallLimits& limits) override;
  Reply<std::optional<homeserver::KnownUser>> find_user(std::string_view localpart,
                                                        const CallLimits& limits) override;
  Reply<> put_user(const homeserver::Person& person, const CallLimits& limits) override;
  Reply<> set_display_name(std::string_view localpart, std::string_view name,
                           const CallLimits& limits) override;
  Reply<> deactivate_user(std::string_view localpart, bool erase,
                          const CallLimits& limits) override;
  Reply<> reactivate_user(std::string_view localpart, const CallLimits& limits) override;
  Reply<> set_suspended(std::string_view localpart, bool suspended,
                        const CallLimits& limits) override;
  Reply<> allow_cross_signing_reset(std::string_view localpart, const CallLimits& limits) override;
  Reply<> put_device(std::string_view localpart, std::string_view device_id,
                     const std::optional<std::string>& name, const CallLimits& limits) override;
  Reply<> delete_device(std::string_view localpart, std::string_view device_id,
                        const CallLimits& limits) override;

 private:
  // What it has answered: a success, or an error with its code.
  struct Answer {
    int status = 0;
    boost::json::object body;
    std::string errcode;
    std::optional<Duration> after;

    bool good() const { return status >= 200 && status < 300; }
  };
  struct Call {
    std::string method = "POST";
    std::string path;
    std::string authorization;  // empty: the shared secret
    boost::json::object body = {};
  };
  Reply<Answer> ask(const Call& call, const CallLimits& limits) const;
  // The same where only a success will do.
  Reply<> tell(std::string_view route, boost::json::object body, const CallLimits& limits) const;
  static bool refused_for_ever(std::string_view path, const Answer& answer);
  static homeserver::Trouble trouble(std::string_view path, const Answer& answer);
  const services::Service* registers(std::string_view localpart) const;
  Reply<> register_for(const services::Service& service, std::string_view localpart,
                       const CallLimits& limits) const;

  Parts parts_;
};

}  // namespace latchkey::outbound
