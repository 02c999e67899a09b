// Files as memory: pages are read when they are touched and given back when memory is short, so that a dataset may be
// larger than memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "addon.h"

namespace ncfm {
namespace {

struct Mapping {
  void* start;
  size_t bytes;
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

// Bytes [offset, offset + length) of a file, which must hold them.
Mapping mapRange(const std::string& path, size_t offset, size_t length, size_t* skipped) {
  // Without O_NONBLOCK, opening a pipe would wait for its other end.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) fail(path, std::strerror(errno));
  struct stat status;
  if (fstat(file, &status) != 0) {
    const int reason = errno;
    close(file);
    fail(path, std::strerror(reason));
  }
  if (!S_ISREG(status.st_mode)) {
    close(file);
    fail(path, "it is not a regular file");
  }
  const size_t size = static_cast<size_t>(status.st_size);
  if (offset > size || length > size - offset) {
    close(file);
    fail(path, "bytes " + std::to_string(offset) + " to " + std::to_string(offset + length) +
                   " cannot be mapped: the file ends at byte " + std::to_string(size));
  }
  // Mappings begin at pages.
  *skipped = offset % static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t bytes = length + *skipped;
  void* start = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file,
                     static_cast<off_t>(offset - *skipped));
  const int reason = errno;
  close(file);
  if (start == MAP_FAILED) fail(path, std::strerror(reason));
  return {start, bytes};
}

// mapFile(path, offset, length): an ArrayBuffer over these bytes of a file. Writing to it ends the process.
Napi::Value mapFile(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  const size_t offset = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  const size_t length = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  size_t skipped = 0;
  const auto unmap = [](Mapping* mapping) {
    munmap(mapping->start, mapping->bytes);
    delete mapping;
  };
  std::unique_ptr<Mapping, decltype(unmap)> mapping(
      new Mapping(mapRange(path, offset, length, &skipped)), unmap);
  Napi::Value buffer = Napi::ArrayBuffer::New(
      info.Env(), static_cast<uint8_t*>(mapping->start) + skipped, length,
      [unmap](Napi::Env, void*, Mapping* finished) { unmap(finished); }, mapping.get());
  mapping.release();  // the buffer's now
  return buffer;
}

}  // namespace

void registerMapping(Napi::Env env, Napi::Object exports) {
  define<mapFile>(env, exports, "mapFile");
}

}  // namespace ncfm
