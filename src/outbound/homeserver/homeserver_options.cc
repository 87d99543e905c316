#include "outbound/homeserver/homeserver_options.h"

#include <boost/url/parse.hpp>

namespace latchkey::outbound {

std::vector<std::string> HomeserverOptions::problems() const {
  if (!present()) return {};
  if (endpoint.empty()) {
    return {
        "endpoint: with 'kind: synapse' the address of Synapse itself must be given, try "
        "'http://127.0.0.1:8009/'"};
  }
  const auto parsed = boost::urls::parse_uri(endpoint);
  const bool http = parsed && (parsed->scheme() == "http" || parsed->scheme() == "https");
  if (!http || parsed->host().empty() || parsed->has_query() || parsed->has_fragment() ||
      parsed->has_userinfo()) {
    return {"endpoint: '" + endpoint + "' is not an address, try 'http://127.0.0.1:8009/'"};
  }
  return {};
}

}  // namespace latchkey::outbound
