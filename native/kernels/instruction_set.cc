// Chooses which compilation of the computing functions this process uses.
#include <c10/util/Exception.h>

#if defined(NCFM_HAS_TILES)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <atomic>

#include "instruction_set.h"

namespace ncfm {

namespace baseline {
extern const Compute table;
}
#if defined(NCFM_HAS_X86_LEVELS)
namespace avx2 {
extern const Compute table;
}
namespace avx512 {
extern const Compute table;
}
#endif
#if defined(NCFM_HAS_TILES)
namespace amx {
extern const Compute table;
}
namespace amx_bf16 {
extern const Compute table;
}
#endif

namespace {

#if defined(NCFM_HAS_TILES)
// Linux gives a process the registers of tiles when it asks for them.
bool mayUseTiles() {
#if defined(__linux__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

bool hasTiles() {
  unsigned a = 0, b = 0, c = 0, features = 0;
  constexpr unsigned products = 1U << 22, tile = 1U << 24, conversion = 1U << 5;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &features) == 0) return false;
  if ((features & products) == 0 || (features & tile) == 0) return false;
  return __get_cpuid_count(7, 1, &a, &b, &c, &features) != 0 && (a & conversion) != 0 && mayUseTiles();
}
#endif

// Best first; the last one runs everywhere. That of bfloat16 precision is for those who ask for it.
std::vector<const Compute*> available() {
  std::vector<const Compute*> tables;
#if defined(NCFM_HAS_X86_LEVELS)
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#if defined(NCFM_HAS_TILES)
  static const bool tiles = hasAvx2 && hasAvx512 && hasTiles();
  if (tiles) tables.insert(tables.end(), {&amx::table, &amx_bf16::table});
#endif
  if (hasAvx2 && hasAvx512) tables.push_back(&avx512::table);
  if (hasAvx2) tables.push_back(&avx2::table);
#endif
  tables.push_back(&baseline::table);
  return tables;
}

std::atomic<const Compute*>& chosen() {
  static std::atomic<const Compute*> table{available().front()};
  return table;
}

}  // namespace

const Compute& compute() { return *chosen().load(std::memory_order_relaxed); }

std::vector<std::string> instructionSets() {
  std::vector<std::string> names;
  for (const Compute* table : available()) names.emplace_back(table->instructionSet);
  return names;
}

void useInstructionSet(const std::string& name) {
  for (const Compute* table : available()) {
    if (table->instructionSet == name) {
      chosen() = table;
      return;
    }
  }
  TORCH_CHECK(false, "this processor does not have the instruction set '", name, "'");
}

}  // namespace ncfm
