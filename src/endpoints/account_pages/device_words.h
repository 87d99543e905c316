#pragma once

#include <optional>
#include <string>

#include "endpoints/pages/personal.h"
#include "platform/html/values.h"

// A device as its pages show it.
namespace latchkey::account_pages {

// One of the person's devices, its client called by its name.
Task<std::optional<self::AccountDevice>> find_device(const pages::Visit& visit, std::string id);

std::string device_name(const pages::Visit& visit, const self::AccountDevice& device);

// The rows of account_facts.html.
void put_device_facts(html::Values& facts, const pages::Visit& visit,
                      const self::AccountDevice& device);

// For an ID that none of the person's devices has; whether it is anybody else's is not told.
http::Response no_such_device(const pages::Visit& visit);

}  // namespace latchkey::account_pages
