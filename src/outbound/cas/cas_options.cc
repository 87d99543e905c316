#include "outbound/cas/cas_options.h"

#include <boost/url/parse.hpp>

namespace latchkey::outbound {

std::vector<std::string> CasOptions::problems() const {
  const auto parsed = boost::urls::parse_uri(url);
  const bool http = parsed && (parsed->scheme() == "http" || parsed->scheme() == "https");
  if (!http || parsed->host().empty() || parsed->has_query() || parsed->has_fragment() ||
      parsed->has_userinfo()) {
    return {"url: '" + url + "' is not an address, try 'https://cas.example.org/cas'"};
  }
  return {};
}

}  // namespace latchkey::outbound
