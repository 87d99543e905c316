#pragma once

#include <optional>
#include <string>

#include "endpoints/account/personal.h"
#include "platform/html/values.h"

// A device as its pages show it.
namespace latchkey::account {

// One of the person's devices, its client called by its name.
Task<std::optional<signin::AccountDevice>> find_device(const Visit& visit, std::string id);

std::string device_name(const Visit& visit, const signin::AccountDevice& device);

// The rows of account_facts.html.
void put_device_facts(html::Values& facts, const Visit& visit, const signin::AccountDevice& device);

// For an ID that none of the person's devices has; whether it is anybody else's is not told.
http::Response no_such_device(const Visit& visit);

}  // namespace latchkey::account
