#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "domain/services/service.h"

namespace latchkey::services {

struct Registration {
  Service service;
  std::vector<std::string> warnings;  // what works, but not well, or not with homeservers
};

// A registration as its file has it (Application Service API, "Registration"), or every error.
// Both, errors and warnings, are sentences that begin with the field and never show a token. Read
// are the id, the token, the service's user, the users namespaces and ip_range_whitelist; other
// namespaces and fields concern the homeserver alone, and stop nothing.
std::expected<Registration, std::vector<std::string>> read_registration(
    const boost::json::object& file, std::string_view server_name);

}  // namespace latchkey::services
