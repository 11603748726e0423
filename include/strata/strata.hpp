// All of Strata.
#pragma once

#include "strata/architecture.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"
#include "strata/features.hpp"
#include "strata/json.hpp"
#include "strata/matrix.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"
#include "strata/predictor.hpp"
#include "strata/steps.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"
#include "strata/version.hpp"
