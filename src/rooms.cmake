# The floors of the house, lowest first: each room names its files and the rooms that it may use.

strata_room(base
  SOURCES aligned.cpp checked.cpp cpus.cpp file.cpp file_reader.cpp fmt.cpp json.cpp matrix.cpp only_errors.cpp other_names.cpp random.cpp temporary.cpp text.cpp thread_pool.cpp)

target_include_directories(strata_base SYSTEM PRIVATE ${STRATA_FAST_FLOAT_INCLUDE_DIR})

strata_room(config
  SOURCES architecture.cpp blocks.cpp effects.cpp names.cpp option_values.cpp options.cpp data_rows.cpp network_rows.cpp training_rows.cpp recipes.cpp
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
  SOURCES table.cpp mapped_file.cpp cache.cpp cache_reading.cpp take_rows.cpp table_parts.cpp array.cpp read.cpp csv.cpp csv_scanner.cpp csv_header.cpp csv_survey.cpp text_parts.cpp text_rows.cpp words.cpp dialect.cpp cell.cpp dates.cpp spellings.cpp column_survey.cpp column_verdict.cpp judge.cpp frame.cpp arrow.cpp arrow_column.cpp gzip.cpp npy.cpp npz.cpp idx.cpp hdf5.cpp decoder.cpp image.cpp
  USES config base
  LIBRARIES ZLIB::ZLIB)
target_compile_options(strata_data PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)  # loops over the bytes of a text
endif()

strata_room(network
  SOURCES parameters.cpp initialize.cpp workspace.cpp step.cpp
  USES kernels config base)

strata_room(optim
  SOURCES optimizer.cpp schedule.cpp
  USES kernels config base)

if(NOT STRATA_CORE_ONLY)
strata_room(features
  SOURCES calendar.cpp columns.cpp encode.cpp examples.cpp fit_inputs.cpp inputs.cpp quantiles.cpp scaling.cpp stage_rows.cpp unfamiliar.cpp weights.cpp
  USES data config base)

strata_room(model
  SOURCES average.cpp choice.cpp model.cpp networks.cpp plan.cpp predict.cpp predictions.cpp predictor.cpp score.cpp metrics.cpp outcomes.cpp bootstrap.cpp read_for.cpp retyped.cpp model_file.cpp metadata.cpp record_text.cpp safetensors.cpp strict_json.cpp
  USES features network kernels data config base
  LIBRARIES nlohmann_json::nlohmann_json ZLIB::ZLIB)

strata_room(train
  SOURCES bag.cpp calibrate.cpp callbacks.cpp choose_inputs.cpp class_weights.cpp continuation.cpp cross_validation.cpp default_recipe.cpp defaults.cpp folds.cpp hold_back.cpp monitored.cpp prepare.cpp split.cpp survey.cpp task.cpp held_out.cpp unseen.cpp weigh.cpp read_training.cpp training_fields.cpp initial.cpp loader.cpp finite.cpp descent.cpp descents.cpp fingerprint.cpp checkpoint.cpp select.cpp training.cpp trainer.cpp
  USES model network optim features kernels data config base)
# Looking through all weights for one that is not finite is a loop to be vectorised.
set_source_files_properties(src/train/finite.cpp PROPERTIES COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-O3>)

strata_room(tools
  SOURCES steps.cpp examined.cpp trace.cpp differences.cpp gradient_check.cpp doctor.cpp convert.cpp
    describe.cpp field_summary.cpp giveaway.cpp
  USES train model network features kernels data config base)

strata_room(api
  SOURCES json.cpp json_model.cpp json_options.cpp json_tools.cpp json_training.cpp summary.cpp
  USES tools train model network optim features kernels data config base)
# What strata.h declares: a library of its own (CMakeLists.txt).
set(STRATA_C_SOURCES c_error.cpp c_options.cpp c_table.cpp c_model.cpp c_train.cpp c_tools.cpp)
endif()

if(STRATA_SANITIZE MATCHES address)
  # Clang takes a quarter of an hour to check every one of these instructions in every way; where a pointer goes wrong, the address
  # sanitizer sees it as well.
  set(STRATA_SANITIZED_VECTORS
    "-fno-sanitize=null,alignment,object-size,vptr,pointer-overflow,function;-mllvm;-asan-instrumentation-with-call-threshold=0")
  set_source_files_properties(
    src/kernels/cpu/float32.cpp src/kernels/cpu/float64.cpp src/kernels/cpu/bf16.cpp src/kernels/cpu/prepared.cpp PROPERTIES
    COMPILE_OPTIONS "${STRATA_SANITIZED_VECTORS}")
endif()
set_source_files_properties(
  src/kernels/cpu/float32.cpp src/kernels/cpu/float64.cpp src/kernels/cpu/bf16.cpp src/kernels/cpu/prepared.cpp PROPERTIES
  SKIP_UNITY_BUILD_INCLUSION ON)  # each is compiled for one instruction set after the other
target_include_directories(strata_kernels SYSTEM PRIVATE ${STRATA_HIGHWAY_INCLUDE_DIR})

set(STRATA_OBJECTS)
foreach(room base config kernels data network optim features model train tools api)
  if(NOT TARGET strata_${room})
    continue()
  endif()
  list(APPEND STRATA_OBJECTS $<TARGET_OBJECTS:strata_${room}>)
endforeach()
