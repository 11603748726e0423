# The floors of the house, lowest first: each room names its files and the rooms that it may use.

strata_room(base
  SOURCES aligned.cpp checked.cpp cpus.cpp file.cpp file_reader.cpp fmt.cpp json.cpp matrix.cpp only_errors.cpp random.cpp temporary.cpp text.cpp thread_pool.cpp)

strata_room(config
  SOURCES architecture.cpp blocks.cpp names.cpp option_values.cpp options.cpp recipes.cpp
  USES base)

strata_room(kernels
  SOURCES contract.cpp reference.cpp registry.cpp prepared.cpp
          cpu/instruction_sets.cpp cpu/float32.cpp cpu/float64.cpp cpu/bf16.cpp cpu/prepared.cpp
  USES config base)
# The loops of the kernels are written to be vectorised, which GCC 12 does at -O3. Its last scheduler would gather the
# arithmetic at a tile's end before the stores, which take as long and could go beside it.
target_compile_options(strata_kernels PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3> $<$<CXX_COMPILER_ID:GNU>:-fno-schedule-insns2>)

if(NOT STRATA_CORE_ONLY)
strata_room(data
  SOURCES table.cpp mapped_file.cpp cache.cpp take_rows.cpp table_parts.cpp array.cpp read.cpp csv.cpp csv_scanner.cpp csv_header.cpp csv_survey.cpp dialect.cpp cell.cpp dates.cpp spellings.cpp column_survey.cpp column_verdict.cpp gzip.cpp npy.cpp npz.cpp idx.cpp hdf5.cpp decoder.cpp image.cpp
  USES config base
  LIBRARIES ZLIB::ZLIB)
endif()

strata_room(network
  SOURCES parameters.cpp workspace.cpp step.cpp
  USES kernels config base)

strata_room(optim
  SOURCES optimizer.cpp
  USES kernels config base)

if(NOT STRATA_CORE_ONLY)
strata_room(features
  SOURCES calendar.cpp columns.cpp encode.cpp examples.cpp fit_inputs.cpp inputs.cpp quantiles.cpp scaling.cpp unfamiliar.cpp
  USES data config base)

strata_room(model
  SOURCES model.cpp plan.cpp predict.cpp predictor.cpp score.cpp read_for.cpp model_file.cpp metadata.cpp safetensors.cpp strict_json.cpp
  USES features network kernels data config base
  LIBRARIES nlohmann_json::nlohmann_json ZLIB::ZLIB)

strata_room(train
  SOURCES choose_inputs.cpp prepare.cpp survey.cpp task.cpp read_training.cpp initial.cpp loader.cpp finite.cpp descent.cpp trainer.cpp
  USES model network optim features kernels data config base)
# Looking through all weights for one that is not finite is a loop to be vectorised.
set_source_files_properties(src/train/finite.cpp PROPERTIES COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-O3>)

strata_room(tools
  SOURCES steps.cpp examined.cpp trace.cpp differences.cpp gradient_check.cpp doctor.cpp convert.cpp
  USES train model network features kernels data config base)
endif()

if(STRATA_FUZZ)  # Clang takes a quarter of an hour to check every one of these instructions in every way
  set_source_files_properties(
    src/kernels/cpu/float32.cpp src/kernels/cpu/float64.cpp src/kernels/cpu/bf16.cpp src/kernels/cpu/prepared.cpp PROPERTIES
    COMPILE_OPTIONS "-fno-sanitize=undefined;-mllvm;-asan-instrumentation-with-call-threshold=0")
endif()
target_include_directories(strata_kernels SYSTEM PRIVATE ${STRATA_HIGHWAY_INCLUDE_DIR})

set(STRATA_OBJECTS)
foreach(room base config kernels data network optim features model train tools)
  if(NOT TARGET strata_${room})
    continue()
  endif()
  list(APPEND STRATA_OBJECTS $<TARGET_OBJECTS:strata_${room}>)
endforeach()
