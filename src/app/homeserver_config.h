#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "app/config.h"

// What `latchkey homeserver config` prints: the part of Synapse's or a reverse proxy's
// configuration that this server's own calls for, to be pasted. For proxies these are the files of
// config/, which tests run as they are, with the names and addresses of this configuration.
namespace latchkey::app {

struct ProxyExample {
  std::string_view name;
  std::string_view text;
};
std::span<const ProxyExample> proxy_examples();

// The error: a sentence.
std::expected<std::string, std::string> homeserver_config(std::string_view of,
                                                          const Config& config);

}  // namespace latchkey::app
