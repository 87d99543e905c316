#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "domain/services/service.h"

namespace latchkey::services {

// A registration as its file has it (Application Service API, "Registration"), or every error,
// each a sentence that begins with the field and never shows a token. Read are the fields that
// the specification requires and the users namespaces; other namespaces and fields concern the
// homeserver alone.
std::expected<Service, std::vector<std::string>> read_registration(const boost::json::object& file,
                                                                   std::string_view server_name);

}  // namespace latchkey::services
