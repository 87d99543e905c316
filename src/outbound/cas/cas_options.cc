#include "outbound/cas/cas_options.h"

#include <boost/url/parse.hpp>

#include "outbound/provider_calls/ca_file.h"

namespace latchkey::outbound {

std::vector<std::string> CasOptions::problems() const {
  std::vector<std::string> found;
  const auto parsed = boost::urls::parse_uri(url);
  const bool http = parsed && (parsed->scheme() == "http" || parsed->scheme() == "https");
  if (!http || parsed->host().empty() || parsed->has_query() || parsed->has_fragment() ||
      parsed->has_userinfo()) {
    found.push_back("url: '" + url + "' is not an address, try 'https://cas.example.org/cas'");
  }
  if (auto wrong = problem_of_ca_file(ca_file.value)) found.push_back(*std::move(wrong));
  return found;
}

}  // namespace latchkey::outbound
