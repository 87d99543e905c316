#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/providers/provider_options.h"

namespace latchkey::providers {

// A configured provider: one of the two speaks its protocol.
struct Provider {
  ProviderOptions options;
  Templates templates;
  std::unique_ptr<BrowserProvider> browser;
  std::unique_ptr<PasswordProvider> password;
};

// Those of the configuration, in its order. Never changed, so threads may share it.
class ProviderSet {
 public:
  ProviderSet() = default;
  explicit ProviderSet(std::vector<Provider> all) : all_(std::move(all)) {}

  const std::vector<Provider>& all() const { return all_; }
  // Null: there is none of that id.
  const Provider* find(std::string_view id) const;
  // Whether there is one to which people are sent with their browsers.
  bool sends_browsers() const;

 private:
  std::vector<Provider> all_;
};

}  // namespace latchkey::providers
