export { AlexNet, type AlexNetOptions, alexNetDefaults } from './alexnet.js';
export {
  buildModel,
  defineModel,
  isKnownModel,
  type KnownModelOptions,
  type ModelName,
  type ModelOptions,
  modelNames,
  modelOf,
  ownModels,
  resolveModel,
} from './build.js';
export { ConvNet, type ConvNetOptions, convNetDefaults, convNetDepth } from './convnet.js';
export { ConvNext, type ConvNextOptions, convNextDefaults } from './convnext.js';
export { ModelDefinition, type ModelSource } from './define.js';
export { DenseNet, type DenseNetOptions, denseNetDefaults } from './densenet.js';
export { knownWeakness } from './known-weaknesses.js';
export { LeNet, type LeNetOptions, leNetDefaults } from './lenet.js';
export { Mlp, type MlpOptions, mlpDefaults } from './mlp.js';
export { ImageModel, type Stage } from './model.js';
export {
  ResNet,
  ResNetAp,
  type ResNetOptions,
  type ResNetStem,
  resNetDefaults,
  resNetDepths,
  resNetStems,
} from './resnet.js';
export { Vgg, type VggOptions, vggDefaults, vggDepths } from './vgg.js';
