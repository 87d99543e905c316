#pragma once

#include <string>
#include <string_view>

namespace latchkey::http {

// Where clients and people reach this server (the option public_url): an address without a path.
class PublicUrl {
 public:
  explicit PublicUrl(std::string_view configured);

  const std::string& configured() const { return configured_; }
  // With one slash at its end: the issuer of OAuth 2.0 (RFC 8414 section 2).
  const std::string& base() const { return base_; }
  // Without one, as Matrix clients want it.
  std::string_view without_slash() const;
  // The address of a path, "/account/", of this server.
  std::string of(std::string_view path) const;

  // "https://example.com", as browsers write it: without a port that goes without saying.
  const std::string& origin() const { return origin_; }
  bool secure() const { return origin_.starts_with("https:"); }

 private:
  std::string configured_;
  std::string base_;
  std::string origin_;
};

}  // namespace latchkey::http
