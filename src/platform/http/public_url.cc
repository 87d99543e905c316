#include "platform/http/public_url.h"

#include <algorithm>

#include "platform/http/field.h"

namespace latchkey::http {
namespace {

std::string with_one_slash(std::string_view url) {
  std::string base(url.substr(0, url.find_last_not_of('/') + 1));
  base.push_back('/');
  return base;
}

std::string origin_of(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == url.npos) return {};
  const auto host_end = url.find_first_of("/?#", scheme_end + 3);
  std::string origin(url.substr(0, host_end));
  std::ranges::transform(origin, origin.begin(), to_lower);
  const std::string_view port = origin.starts_with("https:") ? ":443" : ":80";
  if (origin.ends_with(port)) origin.resize(origin.size() - port.size());
  return origin;
}

}  // namespace

PublicUrl::PublicUrl(std::string_view configured)
    : configured_(configured), base_(with_one_slash(configured)), origin_(origin_of(configured)) {}

std::string_view PublicUrl::without_slash() const {
  return std::string_view(base_).substr(0, base_.size() - 1);
}

std::string PublicUrl::of(std::string_view path) const {
  return std::string(without_slash()).append(path);
}

}  // namespace latchkey::http
