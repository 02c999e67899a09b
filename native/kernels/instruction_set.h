// Which compilation of the computing functions is in use.
#pragma once

#include <string>
#include <vector>

#include "compute/table.h"

namespace ncfm {

// Those that this processor can run, best first; the best one is in use from the start.
std::vector<std::string> instructionSets();

// Only while no operator runs.
void useInstructionSet(const std::string& name);

}  // namespace ncfm
