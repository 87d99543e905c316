#include "outbound/provider_calls/address.h"

#include <boost/url/parse.hpp>

#include "platform/http/percent.h"

namespace latchkey::outbound {

bool is_address(std::string_view text, Query query) {
  const auto parsed = boost::urls::parse_uri(text);
  return parsed && (parsed->scheme() == "http" || parsed->scheme() == "https") &&
         !parsed->host().empty() && !parsed->has_fragment() && !parsed->has_userinfo() &&
         (query == Query::may || !parsed->has_query());
}

bool is_loopback(std::string_view address) {
  const auto parsed = boost::urls::parse_uri(address);
  if (!parsed) return false;
  const std::string host = parsed->host();
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::string as_form(const Parameters& parameters) {
  std::string form;
  for (const auto& [name, value] : parameters) {
    if (!form.empty()) form += '&';
    form.append(http::percent_encode(name)).append("=").append(http::percent_encode(value));
  }
  return form;
}

std::string with_query(std::string address, const Parameters& parameters) {
  if (address.find('?') == address.npos) {
    address += '?';
  } else if (!address.ends_with('?') && !address.ends_with('&')) {
    address += '&';
  }
  return address + as_form(parameters);
}

}  // namespace latchkey::outbound
