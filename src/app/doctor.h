#pragma once

#include <boost/json/object.hpp>

#include "app/config.h"

namespace latchkey::app {

// latchkey doctor: what outbound/doctor finds of the deployment that this configuration is a part
// of, on standard output. Returns the exit code: 1 if something is wrong. `arguments`: of the
// command line. Throws std::runtime_error with a sentence.
int run_doctor(const Config& config, const boost::json::object& arguments, bool as_json);

}  // namespace latchkey::app
