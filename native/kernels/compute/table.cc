#include "table.h"

#include "multiply.h"

#define NCFM_TEXT(name) #name
#define NCFM_NAME(name) NCFM_TEXT(name)

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

#define NCFM_ENTRY(name, result, parameters) name,
const Compute table = {NCFM_NAME(NCFM_INSTRUCTION_SET), panelWidth, NCFM_COMPUTE_FUNCTIONS(NCFM_ENTRY)};
#undef NCFM_ENTRY

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
